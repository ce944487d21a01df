using System.Text;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Lifecycle;

/// <summary>The defaults users of the built-in kinds meet.</summary>
internal static class BuiltInDefaults
{
    public static void Namespace(JsonObject o)
    {
        o.Made("metadata").Made("labels")["kubernetes.io/metadata.name"] = o.At("metadata", "name").AsText();
        var spec = o.Made("spec");
        if (o.At("metadata", "deletionTimestamp") is null && spec["finalizers"] is null) spec["finalizers"] = new JsonArray("kubernetes");
        var status = o.Made("status");
        if (status["phase"] is null) status["phase"] = "Active";
    }

    public static void Secret(JsonObject o)
    {
        if (o["stringData"] is JsonObject plain)
        {
            var data = o.Made("data");
            foreach (var (key, value) in plain) data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.AsText()));
        }
        o.Remove("stringData");
        if (o.Text("type").Length == 0) o["type"] = "Opaque";
    }

    public static void Pod(JsonObject o)
    {
        var spec = o.Made("spec");
        Missing(spec, "restartPolicy", "Always");
        Missing(spec, "dnsPolicy", "ClusterFirst");
        Missing(spec, "terminationGracePeriodSeconds", 30);
        Missing(spec, "serviceAccountName", "default");
        Missing(spec, "schedulerName", "default-scheduler");
        Missing(spec, "enableServiceLinks", true);
        if (spec["securityContext"] is null) spec["securityContext"] = new JsonObject();
        foreach (var c in Containers(spec))
        {
            var image = c.Text("image");
            var tagged = image.IndexOf(':', image.LastIndexOf('/') + 1) > 0 || image.Contains('@', StringComparison.Ordinal);
            Missing(c, "imagePullPolicy", tagged && !image.EndsWith(":latest", StringComparison.Ordinal) ? "IfNotPresent" : "Always");
            Missing(c, "terminationMessagePath", "/dev/termination-log");
            Missing(c, "terminationMessagePolicy", "File");
            if (c["resources"] is null) c["resources"] = new JsonObject();
        }
        var status = o.Made("status");
        Missing(status, "phase", "Pending");
        Missing(status, "qosClass", "BestEffort");
    }

    public static IEnumerable<JsonObject> Containers(JsonObject podSpec) =>
        ((string[])["initContainers", "containers"]).SelectMany(n => podSpec[n] is JsonArray a ? a.OfType<JsonObject>() : []);

    private static void Missing(JsonObject o, string name, JsonNode value)
    {
        if (o[name] is null) o[name] = value;
    }
}
