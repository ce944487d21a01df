using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Kratix.Actors.Core.Placement;
using Kratix.Actors.Core.Workflows;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Kubernetes;
using Kratix.Actors.Ports.StateStores;

namespace Kratix.Actors.Engine.StateStores;

/// <summary>From the objects of state stores to addresses, and to addresses that have been tried.</summary>
public static class StoreAddress
{
    /// <summary>The reason where nothing was found out about the store, because it or its Secret could not be looked at.</summary>
    internal const string Unreadable = "StateStoreError";

    /// <summary>Reads spec and Secret and asks the remote whether they will do. The conditions' reasons are the reference's.</summary>
    internal static async Task<StoreCheck> Check(World world, ResourceType kind, JsonObject store)
    {
        var read = await Read(world.Kubernetes, kind, store);
        if (read.Address is not { } address)
            return read;
        if (world.StateStores.Open(address) is not Outcome<IStateStore>.Done opened)
            return read with { Address = null, Reason = "ErrorInitialisingWriter", Message = world.StateStores.Open(address).Failure! };
        await using var probe = opened.Value;
        return await probe.CheckAccess(CancellationToken.None) is { Failure: { } failure }
            ? read with { Address = null, Reason = "ErrorValidatingPermissions", Message = $"Error validating state store permissions: {failure}" }
            : read;
    }

    /// <summary>Reads spec and Secret. Without an address, reason and message say what is wrong with them.</summary>
    public static async Task<StoreCheck> Read(IKubernetes kubernetes, ResourceType kind, JsonObject store)
    {
        var spec = store["spec"] as JsonObject ?? [];
        var credentials = StoreCredentials.None;
        string? version = null;
        if (SecretOf(store) is { } secret)
        {
            var (ns, name) = (secret.Namespace, secret.Name);
            switch (await kubernetes.Get(Kinds.Secret, ns, name, CancellationToken.None))
            {
                case Outcome<JsonObject>.Done done:
                    version = done.Value.ResourceVersion();
                    (credentials, var wrong) = Credentials(done.Value);
                    if (wrong is not null)
                        return new StoreCheck(null, "SecretNotFound", $"Secret {name} in namespace {ns}: data.{wrong} is not base64; encode its value, or write it as it is under stringData") { SecretVersion = version };
                    break;
                case Outcome<JsonObject>.Terminal { Code: Refusal.NotFound }:
                    return new StoreCheck(null, "SecretNotFound", $"Secret {name} not found in namespace {ns}") { SecretVersion = "" };
                case var failed:
                    return new StoreCheck(null, Unreadable, $"Secret {name} in namespace {ns} could not be read: {failed.Failure}");
            }
        }

        return (kind == Kinds.BucketStateStore ? Bucket(spec, credentials) : Git(store, spec, credentials)) with { SecretVersion = version };
    }

    /// <summary>Null: the store names none.</summary>
    internal static SecretName? SecretOf(JsonObject store) => store["spec"]?["secretRef"] is JsonObject reference
        ? new SecretName(reference["namespace"]?.ToString() ?? "default", reference["name"]?.ToString() ?? "") : null;

    /// <summary>Equal also in the bytes of the credentials, which records compare by reference.</summary>
    internal static bool Same(StateStoreAddress a, StateStoreAddress b) =>
        a with { Credentials = b.Credentials } == b
        && a.Credentials.Data.Count == b.Credentials.Data.Count
        && a.Credentials.Data.All(kv => b.Credentials.Data.TryGetValue(kv.Key, out var other) && kv.Value.AsSpan().SequenceEqual(other));

    private static StoreCheck Git(JsonObject store, JsonObject spec, StoreCredentials credentials)
    {
        var url = spec["url"]?.ToString();
        if (string.IsNullOrEmpty(url))
            return new StoreCheck(null, "ErrorInitialisingWriter", "spec.url is missing; it names the repository, such as https://host/owner/repository");
        var author = spec["gitAuthor"];
        var address = new GitAddress(
            url, spec["branch"]?.ToString() ?? "main", spec["authMethod"]?.ToString() ?? "basicAuth", credentials,
            author?["name"]?.ToString() is { Length: > 0 } who ? who : "kratix", author?["email"]?.ToString() ?? "", VerifiesTls(store));
        return new StoreCheck(address, "StateStoreReady", "State store is ready");
    }

    /// <summary>A store object says by this annotation, with the value <c>false</c>, that its server's certificate is not to be looked at.</summary>
    internal const string TlsVerify = "kratix.io/git-tls-verify";

    internal static bool VerifiesTls(JsonObject store) => store["metadata"]?["annotations"]?[TlsVerify]?.ToString() != "false";

    private static StoreCheck Bucket(JsonObject spec, StoreCredentials credentials) => new(
        new BucketAddress(
            spec["bucketName"]?.ToString() ?? "", spec["endpoint"]?.ToString() ?? "", Flag(spec["insecure"]), Flag(spec["useDualStack"]),
            spec["authMethod"]?.ToString() ?? "accessKey", credentials),
        "StateStoreReady", "State store is ready");

    private static bool Flag(JsonNode? value) => value is JsonValue json && json.TryGetValue(out bool flag) && flag;

    /// <summary>What the Secret holds; or the first of its keys whose value, which nobody is told, is not base64.</summary>
    private static (StoreCredentials Credentials, string? Wrong) Credentials(JsonObject secret)
    {
        var data = ImmutableSortedDictionary.CreateBuilder<string, byte[]>(StringComparer.Ordinal);
        foreach (var (key, value) in secret["data"] as JsonObject ?? [])
        {
            var text = value?.ToString() ?? "";
            var bytes = new byte[text.Length];
            if (!Convert.TryFromBase64String(text, bytes, out var length))
                return (StoreCredentials.None, key);
            data[key] = bytes[..length];
        }

        return (new StoreCredentials(data.ToImmutable()), null);
    }
}

/// <summary>From Destination objects to what scheduling sees.</summary>
internal static class DestinationReader
{
    internal const string OutputValidationAnnotation = "kratix.io/output-validation";

    /// <summary>Null for what is none of the words, which admission refuses.</summary>
    internal static OutputValidation? Validation(string? word) => word switch
    {
        "none" => OutputValidation.None,
        "yaml" => OutputValidation.Yaml,
        "kubernetes" => OutputValidation.Kubernetes,
        _ => null,
    };

    internal static Destination Read(JsonObject item, JsonObject? store, bool ready)
    {
        var spec = item["spec"] as JsonObject ?? [];
        var mode = spec["filepath"]?["mode"]?.ToString() switch
        {
            "aggregatedYAML" => FilepathMode.AggregatedYaml,
            "none" => FilepathMode.None,
            _ => FilepathMode.NestedByMetadata,
        };
        var labels = (item["metadata"]?["labels"] as JsonObject ?? []).ToImmutableSortedDictionary(kv => kv.Key, kv => kv.Value?.ToString() ?? "", StringComparer.Ordinal);
        var location = new Location(
            spec["stateStoreRef"]?["kind"]?.ToString() ?? "", spec["stateStoreRef"]?["name"]?.ToString() ?? "",
            FileLayout.Join(store?["spec"]?["path"]?.ToString() ?? "", spec["path"]?.ToString() ?? ""), mode, spec["filepath"]?["filename"]?.ToString());
        return new Destination(item.Name(), labels, spec["strictMatchLabels"]?.GetValue<bool>() ?? false, ready, location) 
        {
            Uid = item.Uid(),
            Leaving = DestinationActor.IsLeaving(item),
            Validation = Validation(item.Annotation(OutputValidationAnnotation)),
        };
    }
}
