using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Nodes.Containers;

/// <summary>Which engine answers on this machine and what it can do here.</summary>
/// <param name="Answer">All that the engine says of itself.</param>
internal sealed record EngineInfo(string Command, bool IsPodman, bool LimitsMemory, bool LimitsCpu, JsonObject Answer)
{
    /// <summary>Podman's runtime, such as <c>/usr/bin/runc</c>.</summary>
    public string? Runtime => IsPodman ? (Answer.Child("host")?.Child("ociRuntime"))?.TextOrNull("path") : null;

    /// <exception cref="InvalidOperationException">None of the asked-for engines answers; the message holds each one's reason.</exception>
    public static async Task<EngineInfo> Find(string wanted, IReadOnlyDictionary<string, string> environment, CancellationToken ct)
    {
        var reasons = new List<string>();
        foreach (var command in wanted switch { "auto" => ["podman", "docker"], "oci" => ["podman"], _ => new[] { wanted } })
        {
            try
            {
                var answer = await new EngineProcess(command, environment).Run(["info", "--format", command == "podman" ? "json" : "{{json .}}"], ct);
                if (answer.ExitCode == 0) return Of(command, JsonNode.Parse(answer.Output)!.AsObject());
                reasons.Add($"{command}: {answer.LastError}");
            }
            catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or JsonException)
            {
                reasons.Add($"{command}: {failure.Message}");
            }
        }
        throw new InvalidOperationException($"no container engine answers, so no Pod can run; install podman ({string.Join("; ", reasons)})");
    }

    private static EngineInfo Of(string command, JsonObject info)
    {
        if (command == "docker") return new EngineInfo(command, IsPodman: false, info["MemoryLimit"].IsTrue(), info["CpuCfsQuota"].IsTrue(), info);
        var controllers = (info.Child("host") ?? []).Texts("cgroupControllers");
        return new EngineInfo(command, IsPodman: true, controllers.Contains("memory"), controllers.Contains("cpu"), info);
    }
}
