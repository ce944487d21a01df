using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;

namespace Kratix.Actors.EndToEnd.Tests.Support;

/// <summary>The stock <c>kubectl</c> against one platform.</summary>
internal sealed class Kubectl(string kubeconfig, string cache, Func<string> platformWords)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    internal Task<Said> Try(string? input, params string[] arguments) => Command.Try("kubectl", All(arguments), input);

    internal Task<string> Run(params string[] arguments) => Succeed(null, arguments);

    internal Task Apply(string manifest) => Succeed(manifest, "apply", "-f", "-");

    internal Task Apply(JsonNode manifest) => Apply(manifest.ToJsonString());

    internal async Task<JsonObject> Get(string kind, string name, string @namespace = "default") =>
        JsonNode.Parse(await Run("get", kind, name, "-n", @namespace, "-o", "json"))!.AsObject();

    internal async Task<IReadOnlyList<JsonObject>> List(string kind, params string[] more) =>
        [.. JsonNode.Parse(await Run(["get", kind, "-o", "json", .. more]))!["items"]!.AsArray().Select(item => item!.AsObject())];

    /// <summary>Waits for a condition the way a user does.</summary>
    internal Task WaitFor(string condition, string subject) => Run("wait", $"--for=condition={condition}", subject, "--timeout=120s");

    internal Task WaitGone(string subject) => Run("wait", "--for=delete", subject, "--timeout=120s");

    /// <summary>Watches one object, existing or to come, until it is as wanted.</summary>
    /// <param name="wanted">How a failure names what did not come.</param>
    internal Task<JsonObject> Until(string kind, string name, string wanted, Func<JsonObject, bool> until, string @namespace = "default") =>
        UntilAny(kind, $"{kind}/{name} {wanted}", until, "-n", @namespace, "--field-selector", $"metadata.name={name}");

    /// <summary>The same, with every state that was seen on the way.</summary>
    internal async Task<IReadOnlyList<JsonObject>> History(string kind, string name, string wanted, Func<JsonObject, bool> until)
    {
        var seen = new List<JsonObject>();
        await Until(kind, name, wanted, item =>
        {
            seen.Add(item);
            return until(item);
        });
        return seen;
    }

    /// <summary>Watches a list until one of its objects is as wanted.</summary>
    internal async Task<JsonObject> UntilAny(string kind, string wanted, Func<JsonObject, bool> until, params string[] more)
    {
        using var limit = new CancellationTokenSource(Patience);
        JsonObject? last = null;
        // An API server may end a watch whenever it likes; then kubectl ends as well, and the watch starts anew.
        while (true)
        {
            using var process = Process.Start(Command.StartInfo("kubectl", All(["get", kind, "-o", "json", "--watch", "--output-watch-events", .. more]), null))!;
            var complaints = process.StandardError.ReadToEndAsync();
            try
            {
                await foreach (var change in Documents(process.StandardOutput, limit.Token))
                {
                    last = change["object"]!.AsObject();
                    if ((string?)change["type"] != "DELETED" && until(last))
                        return last;
                }

                await process.WaitForExitAsync(limit.Token);
                if (process.ExitCode != 0)
                    throw new InvalidOperationException($"watching {kind} ended with {process.ExitCode}: {await complaints}");
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"within {Patience}, not: {wanted}\nlast seen: {last?.ToJsonString() ?? "nothing"}\nthe platform said:\n{platformWords()}");
            }
            finally
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private async Task<string> Succeed(string? input, params string[] arguments)
    {
        try
        {
            return await Command.Run("kubectl", All(arguments), input);
        }
        catch (InvalidOperationException failed)
        {
            throw new InvalidOperationException($"{failed.Message}\nthe platform said:\n{platformWords()}", failed);
        }
    }

    // Documents follow one another; one is whole when its braces are.
    private static async IAsyncEnumerable<JsonObject> Documents(StreamReader reader, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var text = new StringBuilder();
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            text.AppendLine(line);
            if (!line.EndsWith('}') || TryParse(text.ToString()) is not { } document)
                continue;
            text.Clear();
            yield return document;
        }
    }

    private static JsonObject? TryParse(string text)
    {
        try
        {
            return JsonNode.Parse(text)!.AsObject();
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private string[] All(string[] arguments) => ["--kubeconfig", kubeconfig, "--cache-dir", cache, .. arguments];
}
