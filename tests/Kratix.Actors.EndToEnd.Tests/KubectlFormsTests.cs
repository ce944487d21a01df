using Kratix.Actors.EndToEnd.Tests.Support;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>Every form of <c>kubectl</c> that users of Kratix and its tests type, with each kubectl that can be had, against the built program.</summary>
public sealed class KubectlFormsTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    public static TheoryData<int> Programs => [.. Enumerable.Range(0, KubectlPrograms.All.Count)];

    [Theory, MemberData(nameof(Programs))]
    public async Task Everyday_objects(int program)
    {
        var (shell, ns) = await Shell(program, "objects");

        await shell.Expect([
            // create
            new($"kubectl create namespace {ns}", $"^namespace/{ns} created\n$"),
            new($"kubectl create secret generic s --from-literal=a=1 --from-literal=b=2 -n {ns}", "^secret/s created\n$"),
            new($"printf 'k=v\\n' > env; kubectl create configmap c --from-file=env --from-literal=x=y -n {ns}", "^configmap/c created\n$"),
            new($"kubectl create configmap e --from-env-file=env -n {ns}; kubectl get cm e -o jsonpath='{{.data.k}}' -n {ns}", "(?m)^v$"),
            new($"kubectl create secret docker-registry reg --docker-server=r.example --docker-username=u --docker-password=p -n {ns}", "^secret/reg created\n$"),
            new($"kubectl get secret reg -n {ns} -o jsonpath='{{.type}}'", "^kubernetes.io/dockerconfigjson$"),
            new($"kubectl create serviceaccount w -n {ns}", "^serviceaccount/w created\n$"),
            new($"kubectl create role r --verb=get,list --resource=pods,pods/log -n {ns}", "^role.rbac.authorization.k8s.io/r created\n$"),
            new($"kubectl create rolebinding rb --role=r --serviceaccount={ns}:w -n {ns}", "^rolebinding.rbac.authorization.k8s.io/rb created\n$"),
            new($"kubectl create clusterrole {ns} --verb=get --resource=secrets --resource-name=s", $"^clusterrole.rbac.authorization.k8s.io/{ns} created\n$"),
            new($"kubectl create clusterrolebinding {ns} --clusterrole={ns} --serviceaccount={ns}:w --group=people --user=jane", $"^clusterrolebinding.rbac.authorization.k8s.io/{ns} created\n$"),
            new($"kubectl create token w -n {ns} --duration=15m --audience=vault", @"^[\w-]+\.[\w-]+\.[\w-]+\n?$", Since: 24),
            new($"kubectl create configmap dry --dry-run=server -o name -n {ns}", "^configmap/dry\n$"),
            new($"kubectl create configmap dry --from-literal=a=b --dry-run=client -o yaml -n {ns}", "(?s)^apiVersion: v1\ndata:\n  a: b\nkind: ConfigMap\n"),
            new($"kubectl create secret generic s --from-literal=a=1 -n {ns}", "Error from server \\(AlreadyExists\\): (error when creating \"STDIN\": )?secrets \"s\" already exists|error: failed to create secret secrets \"s\" already exists", 1),
            // label, annotate
            new($"kubectl label cm c tier=web env=dev -n {ns}", "^configmap/c labeled\n$"),
            new($"kubectl label cm c env=prod -n {ns}", "already has a value \\(dev\\), and --overwrite is false", 1),
            new($"kubectl label --overwrite cm c env=prod -n {ns}", "^configmap/c labeled\n$"),
            new($"kubectl label cm c env- -n {ns}", "^configmap/c (un)?labeled\n$"),
            new($"kubectl annotate cm c note='for the test' -n {ns}", "^configmap/c annotated\n$"),
            new($"kubectl annotate cm c note- -n {ns}", "^configmap/c annotated\n$"),
            new($"kubectl label secrets --all kind=mine -n {ns}", "secret/s labeled"),
            // patch
            new($"kubectl patch cm c --type=json -p '[{{\"op\":\"add\",\"path\":\"/data/new\",\"value\":\"1\"}}]' -n {ns}", "^configmap/c patched\n$"),
            new($"kubectl patch cm c --type=merge -p '{{\"data\":{{\"new\":null,\"x\":\"z\"}}}}' -n {ns}", "^configmap/c patched\n$"),
            new($"kubectl patch cm c -p 'data: {{s: m}}' -n {ns}", "^configmap/c patched\n$"),
            new($"kubectl patch cm c -p 'data: {{s: m}}' -n {ns}", "^configmap/c patched \\(no change\\)\n$"),
            new($"kubectl get cm c -o jsonpath='{{.data.x}} {{.data.new}} {{.data.s}}' -n {ns}", "^z  m$"),
            new($"kubectl patch cm nobody --type=merge -p '{{}}' -n {ns}", "Error from server \\(NotFound\\): configmaps \"nobody\" not found", 1),
            // edit, replace, diff
            new($"printf '#!/bin/sh\\nsed -i s/z/edited/ \"$1\"\\n' > editor; chmod +x editor; KUBE_EDITOR=$PWD/editor kubectl edit cm c -n {ns}", "^configmap/c edited\n$"),
            new($"kubectl get cm c -n {ns} -o yaml | sed 's/edited/replaced/' | kubectl replace -f -", "^configmap/c replaced\n$"),
            new($"kubectl get cm c -n {ns} -o json | sed 's/replaced/forced/' | kubectl replace --force -f -", "configmap/c replaced\n$"),
            new($"kubectl get cm c -n {ns} -o yaml | kubectl diff -f -", "^$"),
            new($"kubectl get cm c -n {ns} -o yaml | sed 's/forced/other/' | kubectl diff -f -", "(?s)-  x: forced.*\\+  x: other", 1),
            // get
            new($"kubectl get secret s -o jsonpath='{{.data.a}}' -n {ns} | base64 -d", "^1$"),
            new($"kubectl get secret s -o go-template='{{{{.data.b}}}}' -n {ns}", "^Mg==$"),
            new($"kubectl get secret s -o go-template='{{{{.data.a | base64decode}}}}' -n {ns}", "^1$"),
            new($"kubectl get cm -o custom-columns=N:.metadata.name,X:.data.x -n {ns}", "(?m)^c +forced$"),
            new($"kubectl get cm -o name -n {ns}", "(?m)^configmap/c$"),
            new($"kubectl get cm,secret,sa -n {ns}", "(?s)configmap/c .*secret/s .*serviceaccount/w "),
            new($"kubectl get cm -A --no-headers", $"(?m)^{ns} +c "),
            new($"kubectl get cm -n {ns} --show-labels", "tier=web"),
            new($"kubectl get cm -n {ns} -l tier=web,env!=prod -o name", "^configmap/c\n$"),
            new($"kubectl get cm -n {ns} -l 'tier in (web,db)' -o name", "^configmap/c\n$"),
            new($"kubectl get cm -n {ns} -l 'tier notin (web)' -o name", "^configmap/e\nconfigmap/kube-root-ca.crt\n$"),
            new($"kubectl get cm -n {ns} -L tier", "(?s)TIER.*web"),
            new($"kubectl get cm -n {ns} --field-selector metadata.name=c -o name", "^configmap/c\n$"),
            new($"kubectl get secret -n {ns} --field-selector type=Opaque -o name", "^secret/s\n$"),
            new($"kubectl get cm -n {ns} --sort-by=.metadata.name", "(?s)^NAME.*c .*kube-root"),
            new($"kubectl get cm nobody -n {ns} --ignore-not-found", "^$"),
            new($"kubectl get cm nobody -n {ns}", "^Error from server \\(NotFound\\): configmaps \"nobody\" not found\n$", 1),
            new($"kubectl get leases -n {ns}", $"^No resources found in {ns} namespace.\n$"),
            new($"kubectl get nothing", "the server doesn't have a resource type \"nothing\"", 1),
            new($"kubectl get all -n {ns}", "No resources found"),
            new($"kubectl get cm c -o json -n {ns} | grep -c '\"kind\": \"ConfigMap\"'", "^1\n$"),
            // describe
            new($"kubectl describe cm c -n {ns}", "(?s)Name: +c\n.*forced"),
            new($"kubectl describe secret s -n {ns}", "(?s)Name: +s\n.*a: +1 bytes"),
            new($"kubectl describe sa w -n {ns}", "Name: +w\n"),
            new($"kubectl describe ns {ns}", "Status: +Active"),
            new($"kubectl describe role r -n {ns}", "pods/log"),
            new($"kubectl describe clusterrolebinding {ns}", "(?s)ServiceAccount +w"),
            // wait, delete
            new($"kubectl wait --for=jsonpath='{{.status.phase}}'=Active ns/{ns} --timeout=10s", $"^namespace/{ns} condition met\n$", Since: 23),
            new($"kubectl wait --for=condition=Ready cm/nobody -n {ns} --timeout=1s", "not found", 1),
            new($"kubectl delete cm c -n {ns}", "^configmap \"c\" deleted"),
            new($"kubectl delete cm c -n {ns}", "configmaps \"c\" not found", 1),
            new($"kubectl delete cm c --ignore-not-found -n {ns}", "^$"),
            new($"kubectl create cm d -n {ns} -o yaml > d.yaml; kubectl delete -f d.yaml --wait=false", "^configmap \"d\" deleted"),
            new($"kubectl create cm d -n {ns} -o yaml > d.yaml; kubectl delete -f d.yaml --dry-run=server", "^configmap \"d\" deleted.*\\(server dry run\\)\n$"),
            new($"kubectl delete cm -l no=body -n {ns}", "^No resources found\n$"),
            new($"kubectl delete secrets --all -n {ns}", "secret \"s\" deleted"),
            new($"kubectl delete clusterrole,clusterrolebinding {ns}", "deleted"),
            new($"kubectl delete ns {ns} --wait=false; kubectl wait --for=delete ns/{ns} --timeout=30s || true; kubectl get ns {ns}", "(?s)deleted.*NotFound", 1),
        ]);
    }

    [Theory, MemberData(nameof(Programs))]
    public async Task Owners_namespaces_events_and_rules_of_built_in_kinds(int program)
    {
        var (shell, ns) = await Shell(program, "machinery");
        var child = $"uid=$(kubectl get cm owner -n {ns} -o jsonpath='{{.metadata.uid}}'); "
            + $"printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: child\\n  namespace: {ns}\\n  ownerReferences: [{{apiVersion: v1, kind: ConfigMap, name: owner, uid: %s, blockOwnerDeletion: true}}]\\n' $uid | kubectl apply -f - >/dev/null";
        var owned = $"kubectl create cm owner -n {ns} >/dev/null; {child}";

        await shell.Expect([
            new($"kubectl create ns {ns}", "created"),
            // owners
            new($"{owned}; kubectl delete cm owner -n {ns}; kubectl wait --for=delete cm/child -n {ns} --timeout=20s >/dev/null 2>&1 || true; kubectl get cm child -n {ns} --ignore-not-found", "^configmap \"owner\" deleted.*\n$"),
            new($"{owned}; kubectl delete cm owner -n {ns} --cascade=foreground; kubectl get cm child -n {ns} --ignore-not-found", "^configmap \"owner\" deleted.*\n$"),
            new($"{owned}; kubectl delete cm owner -n {ns} --cascade=orphan; kubectl get cm child -n {ns} -o jsonpath='{{.metadata.ownerReferences}}'", "^configmap \"owner\" deleted[^\n]*\n$"),
            new($"kubectl delete cm child -n {ns} --grace-period=0 --force", "configmap \"child\" (force )?deleted"),
            // finalizers
            new($"kubectl create cm held -n {ns} >/dev/null; kubectl patch cm held -n {ns} --type=merge -p '{{\"metadata\":{{\"finalizers\":[\"example.com/hold\"]}}}}'", "patched"),
            new($"kubectl delete cm held -n {ns} --timeout=1s", "timed out waiting for the condition", 1),
            new($"kubectl get cm held -n {ns} -o jsonpath='{{.metadata.deletionTimestamp}}'", "^20..-"),
            new($"kubectl delete ns {ns} --wait=false; kubectl get ns {ns} --no-headers", $"(?s)deleted.*{ns} +Terminating"),
            new($"kubectl create cm late -n {ns}", $"because it is being terminated", 1),
            new($"kubectl patch cm held -n {ns} --type=json -p '[{{\"op\":\"remove\",\"path\":\"/metadata/finalizers\"}}]'; kubectl wait --for=delete ns/{ns} --timeout=30s || true; kubectl get ns {ns}", "NotFound", 1),
            new($"kubectl create ns {ns}", "created"),
            new("kubectl delete ns default", "namespaces \"default\" is forbidden: this namespace may not be deleted", 1),
            // secrets and config maps
            new($"printf 'apiVersion: v1\\nkind: Secret\\nmetadata: {{name: plain, namespace: {ns}}}\\nstringData: {{a: hello}}\\n' | kubectl apply -f - ; kubectl get secret plain -n {ns} -o jsonpath='{{.data.a}} {{.stringData}} {{.type}}'", "aGVsbG8=  Opaque$"),
            new($"kubectl patch secret plain -n {ns} --type=merge -p '{{\"immutable\":true}}'", "patched"),
            new($"kubectl patch secret plain -n {ns} --type=merge -p '{{\"stringData\":{{\"a\":\"other\"}}}}'", "data: Forbidden: field is immutable when `immutable` is set", 1),
            new($"kubectl patch secret plain -n {ns} --type=merge -p '{{\"immutable\":false}}'", "immutable: Forbidden: field is immutable when `immutable` is set", 1),
            new($"printf 'apiVersion: v1\\nkind: Secret\\ntype: kubernetes.io/tls\\nmetadata: {{name: t, namespace: {ns}}}\\nstringData: {{tls.crt: x}}\\n' | kubectl apply -f -", "data\\[tls.key\\]: Required value", 1),
            new($"printf 'apiVersion: v1\\nkind: Secret\\nmetadata: {{name: t, namespace: {ns}}}\\ndata: {{a: \"%%\"}}\\n' | kubectl apply -f - --validate=false", "must be base64-encoded|illegal base64", 1),
            new($"printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {{name: t, namespace: {ns}}}\\ndata: {{\"a b\": x}}\\n' | kubectl apply -f -", "a valid config key must consist of alphanumeric characters", 1),
            new($"kubectl create cm Upper -n {ns}", "a lowercase RFC 1123 subdomain must consist of", 1),
            // events
            new($"printf 'apiVersion: v1\\nkind: Event\\nmetadata: {{name: e1, namespace: {ns}}}\\ninvolvedObject: {{kind: ConfigMap, name: c, namespace: {ns}}}\\nreason: Tested\\nmessage: it happened\\ntype: Normal\\n' | kubectl create -f -", "event/e1 created"),
            new($"kubectl get events -n {ns} --no-headers", "Normal +Tested +configmap/c +it happened"),
            new($"kubectl get events.events.k8s.io e1 -n {ns} -o jsonpath='{{.note}} {{.regarding.name}}'", "^it happened c$"),
            new($"kubectl get events -n {ns} --field-selector reason=Other", "No resources found"),
            new($"kubectl delete ns {ns} --timeout=30s", "deleted"),
        ]);
    }

    [Theory, MemberData(nameof(Programs))]
    public async Task Platform_objects(int program)
    {
        var (shell, name) = await Shell(program, "platform");
        var corner = await shared.Corner(name);
        await corner.Install("echo one; echo 'a: 1' > /kratix/output/a.yaml", "echo two");
        var things = corner.Things;
        await corner.Kubectl.Apply(corner.Thing("first"));
        await corner.Reconciled("first");
        var manifest = $"printf '{{\"apiVersion\":\"{corner.Group}/v1\",\"kind\":\"Thing\",\"metadata\":{{\"name\":\"%s\",\"namespace\":\"default\"}},\"spec\":{{\"value\":\"%s\"}}}}'";

        await shell.Expect([
            // apply
            new($"{manifest} second one > second.json; kubectl apply -f second.json", $"^thing.{corner.Group}/second created\n$"),
            new($"kubectl apply -f second.json", $"^thing.{corner.Group}/second unchanged\n$"),
            new($"{manifest} second two > second.json; kubectl apply -f second.json --dry-run=server", $"^thing.{corner.Group}/second configured \\(server dry run\\)\n$"),
            new($"kubectl apply -f second.json --dry-run=client", $"^thing.{corner.Group}/second configured \\(dry run\\)\n$"),
            new($"kubectl get {things} second -o jsonpath='{{.spec.value}}'", "^one$"),
            new($"kubectl diff -f second.json", "(?s)-  value: one.*\\+  value: two", 1),
            new($"kubectl apply -f second.json", $"^thing.{corner.Group}/second configured\n$"),
            new($"{manifest} third x | kubectl apply --server-side -f -", $"^thing.{corner.Group}/third serverside-applied\n$"),
            new($"{manifest} third y | kubectl apply --server-side --field-manager=other -f -", "(?s)conflict with \"kubectl\".*spec.value", 1),
            new($"{manifest} third y | kubectl apply --server-side --force-conflicts --field-manager=other -f -", "serverside-applied"),
            new($"{manifest} third y | kubectl apply --server-side --dry-run=server --field-manager=other -f -", "serverside-applied \\(server dry run\\)"),
            new($"{manifest} bad x | sed 's/\"value\"/\"vlaue\"/' | kubectl apply -f -", "unknown field \"spec.vlaue\"|ValidationError.*unknown field \"vlaue\"", 1),
            new($"{manifest} bad x | sed 's/\"value\":\"x\"/\"environment\":\"moon\"/' | kubectl apply -f -", "spec.environment: Unsupported value: \"moon\": supported values: \"dev\", \"prod\"", 1),
            new($"{manifest} made x | kubectl create -f -; kubectl delete {things} made --wait=false", "(?s)made created.*\"made\" deleted"),
            // get
            new($"kubectl get {things}", "(?s)^NAME +MESSAGE +STATUS.*\nfirst .*Reconciled"),
            new($"kubectl get {things} -o wide", "(?s)^NAME.*first"),
            new($"kubectl get {things} first -o jsonpath='{{.status.conditions[?(@.type==\"Reconciled\")].status}}'", "^True$"),
            new($"kubectl get {things} -o jsonpath='{{range .items[*]}}{{.metadata.name}}{{\"\\n\"}}{{end}}'", "(?m)^first$"),
            new($"kubectl get {things} first -o jsonpath='{{.metadata.labels.kratix\\.io/promise-name}}'", $"^({name})?$"),
            new($"kubectl get {things} first -o yaml", "(?s)^apiVersion: .*\nkind: Thing\n"),
            new($"kubectl get {things} -A --no-headers", "(?m)^default +first "),
            new($"timeout 3 kubectl get {things} -w -o name || true", $"(?m)^thing.{corner.Group}/first$"),
            new($"kubectl get promises {name}", "(?s)^NAME +STATUS +KIND +API VERSION +VERSION.*Available +Thing"),
            new($"kubectl get promise {name} -o jsonpath='{{.status.conditions[?(@.type==\"Available\")].status}}'", "^True$"),
            new($"kubectl get crds {things}", things),
            new($"kubectl get works -A", "(?s)NAMESPACE +NAME"),
            new($"kubectl get wp,destinations,gitstatestores -A", $"(?s){name}"),
            new($"kubectl get dest {name}", name),
            // describe and events
            new($"kubectl describe {things} first", "(?s)Name: +first.*Status:.*Events:.*ConfigureWorkflow|Pipeline"),
            new($"kubectl describe promise {name}", $"(?s)Name: +{name}.*Events:"),
            new($"kubectl get events --field-selector involvedObject.name=first,involvedObject.kind=Thing", "(?s)LAST SEEN +TYPE +REASON +OBJECT +MESSAGE.*thing/first"),
            new($"kubectl get events.events.k8s.io", "(?s)LAST SEEN"),
            new($"kubectl events --for thing.{corner.Group}/first", "(?s)LAST SEEN.*first", Since: 26),
            // wait
            new($"kubectl wait --for=condition=Reconciled {things}/first --timeout=60s", $"^thing.{corner.Group}/first condition met\n$"),
            new($"kubectl wait --for=condition=Reconciled {things} --all --timeout=60s", "(?s)first condition met.*second condition met"),
            new($"kubectl wait --for=condition=Available=True promise/{name} --timeout=60s", "condition met"),
            new($"kubectl wait --for=condition=Established crd/{things}", "condition met"),
            new($"kubectl wait --for=jsonpath='{{.spec.value}}'=two {things}/second --timeout=10s", "condition met", Since: 23),
            new($"kubectl wait --for=condition=Reconciled=False {things}/first --timeout=1s", "timed out waiting for the condition", 1),
            // logs
            new($"kubectl get pods -l kratix.io/promise-name={name} --no-headers", "(?m)^kratix-.* +0/1 +Completed +0 "),
            new($"kubectl get pods --selector=kratix.io/promise-name={name},kratix.io/resource-name=first -o name > pod; kubectl logs $(cat pod) -c step-1", "^one\n$"),
            new($"kubectl logs $(cat pod) -c step-2 --tail=1 --since=1h --timestamps", "^[-0-9T:.]+(Z|[+]00:00) two\n$"),
            new($"kubectl logs -f $(cat pod) -c step-2", "^two\n$"),
            new($"kubectl logs -l kratix.io/promise-name={name},kratix.io/resource-name=first -c step-1", "^one\n$"),
            new($"kubectl logs $(cat pod) --all-containers --prefix", "step-1\\] one"),
            new($"kubectl logs $(cat pod) -c nobody", "container nobody is not valid for pod", 1),
            new($"kubectl logs $(cat pod) -c step-1 --previous", "previous terminated container \"step-1\" in pod .* not found", 1),
            new($"kubectl describe $(cat pod)", "(?s)Init Containers:.*step-1:.*Exit Code: +0"),
            // explain, discovery, identity
            new($"kubectl explain things --api-version={corner.Group}/v1", "(?s)KIND: +Thing.*spec"),
            new($"kubectl explain thing.spec --api-version={corner.Group}/v1", "(?s)environment.*<string>"),
            new($"kubectl explain {things}.spec", "(?s)environment.*<string>", Since: 27),
            new($"kubectl explain promise.spec.workflows", "(?s)KIND: +Promise"),
            new($"kubectl explain promise.spec --recursive", "destinationSelectors"),
            new("kubectl api-resources --categories=kratix", "(?s)promises.*destinations|destinations.*promises", Since: 24),
            new("kubectl api-resources --api-group=platform.kratix.io -o name", "(?m)^promises.platform.kratix.io$"),
            new("kubectl api-resources --namespaced=false -o wide", "(?s)promises.*platform.kratix.io/v1alpha1 +false +Promise"),
            new("kubectl api-resources --verbs=list,watch -o name", "(?m)^pods$"),
            new("kubectl api-versions", $"(?m)^{corner.Group}/v1$"),
            new("kubectl cluster-info", "(?s)is running at .*https://127.0.0.1"),
            new("kubectl version", "(?s)Server Version: "),
            new("kubectl get --raw /healthz", "^ok$"),
            new("kubectl get --raw /readyz", "^ok$"),
            new("kubectl get --raw /apis/platform.kratix.io/v1alpha1/promises", "^{\"kind\":\"PromiseList\""),
            new("kubectl auth can-i create promises", "(?m)^yes$"),
            new($"kubectl auth can-i get secret/s --as=system:serviceaccount:default:{name}-default-promise-pipeline", "no", 1),
            new($"kubectl auth can-i list {things} --as=jane --as-group=system:masters", "yes"),
            new("kubectl auth can-i --list", "(?m)^\\*\\.\\* "),
            new("kubectl auth whoami", "kubernetes-admin", Since: 28),
            // change and delete
            new($"kubectl label {things} first kratix.io/test=1; kubectl label {things} first kratix.io/test-", "labeled"),
            new($"kubectl annotate promise {name} a=b", "annotated"),
            new($"kubectl patch {things} first --type=merge -p '{{\"spec\":{{\"value\":\"patched\"}}}}'", "patched"),
            new($"kubectl patch {things} first --type=json -p '[{{\"op\":\"test\",\"path\":\"/spec/value\",\"value\":\"patched\"}},{{\"op\":\"replace\",\"path\":\"/spec/value\",\"value\":\"again\"}}]'", "patched"),
            new($"kubectl patch {things} first --type=merge --subresource=status -p '{{\"status\":{{}}}}'", "patched", Since: 24),
            new($"printf '#!/bin/sh\\nsed -i s/again/edited/ \"$1\"\\n' > editor; chmod +x editor; KUBE_EDITOR=$PWD/editor kubectl edit {things} first", "edited"),
            new($"kubectl get {things} first -o jsonpath='{{.spec.value}}'", "^edited$"),
            new($"kubectl delete -f second.json --wait=false", $"^thing.{corner.Group} \"second\" deleted"),
            new($"kubectl delete {things} --all --timeout=60s", "(?s)first\" deleted"),
            new($"kubectl get {things}", "^No resources found in default namespace.\n$"),
            new($"kubectl delete promise {name} --timeout=60s", "deleted"),
            new($"kubectl get crd {things}", "NotFound", 1),
        ]);
    }

    private async Task<(UserShell Shell, string Name)> Shell(int program, string topic)
    {
        var path = KubectlPrograms.All[program];
        var folder = shared.FolderFor($"shell-{topic}-{program}");
        var shell = new UserShell(path, shared.Platform, folder);
        return (shell, $"{topic}-{await shell.MinorVersion()}");
    }
}
