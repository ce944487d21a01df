using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Kratix.Actors.Kubernetes;

/// <summary>Where the built-in containers find their directories; in a Pod always the same, in a node's own process wherever the Pod's volumes lie.</summary>
/// <param name="Results">Only Tasks that leave results have it.</param>
public sealed record AdapterFolders(string Object, string Output, string Metadata, string Results)
{
    public static readonly AdapterFolders InPod = new("/kratix/object", "/kratix/output", "/kratix/metadata", "/kratix/results");
}

/// <summary>
/// What the built-in containers of a run do: <c>pipeline-adapter read</c> before the user's containers, <c>pipeline-adapter write</c> after them, or
/// <c>pipeline-adapter write-last</c> beside them, which waits until they have ended.
/// The engine may be away for a while (a restart, a hand-over), so both keep asking; a refusal ends them at once.
/// </summary>
public static class PipelineAdapter
{
    public const string UrlVariable = "KRATIX_RUN_URL";
    public const string TokenVariable = "KRATIX_RUN_TOKEN";
    public const string ObjectFile = "object.yaml";

    /// <summary>Exit codes.</summary>
    public const int Refused = 1, Misused = 2, Unreachable = 3, LocalTrouble = 4, Stopped = 143;

    /// <summary>How long a built-in container asks before it gives up, and the Pod with it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    /// <summary>Does what the first argument says: <c>read</c>, <c>write</c> or <c>write-last</c>. Lines for the container's log go to <paramref name="log"/>; the token never does.</summary>
    /// <returns>The exit code.</returns>
    public static Task<int> Run(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, AdapterFolders folders, Action<string> log, HttpClient http, TimeProvider time,
        CancellationToken cancellation)
    {
        switch (arguments)
        {
            case ["read"]:
                return Read(environment, folders.Object, log, http, time, cancellation);
            case ["write"]:
                return Write(environment, folders, log, http, time, cancellation);
            case ["write-last"]:
                return WriteLast(environment, folders, log, http, time, cancellation);
            default:
                log($"usage: kratix-actors pipeline-adapter read|write|write-last (got \"{string.Join(' ', arguments)}\")");
                return Task.FromResult(Misused);
        }
    }

    /// <summary>Fetches the run's object into <paramref name="objectFolder"/>, read-only and whole or not at all.</summary>
    public static Task<int> Read(
        IReadOnlyDictionary<string, string> environment, string objectFolder, Action<string> log, HttpClient http, TimeProvider time, CancellationToken cancellation) =>
        Ask(environment, ObjectFile, "the object", log, http, time, () => new HttpRequestMessage(HttpMethod.Get, (Uri?)null), (answer, c) => Save(answer, objectFolder, c), cancellation);

    /// <summary>Hands in the directories as one tar. What is not a plain file or directory goes in as what it is, for the engine to refuse by name.</summary>
    public static Task<int> Write(
        IReadOnlyDictionary<string, string> environment, AdapterFolders folders, Action<string> log, HttpClient http, TimeProvider time, CancellationToken cancellation) =>
        Ask(environment, "output", "the output", log, http, time, () => Upload(folders), (_, _) => Task.CompletedTask, cancellation);

    private static async Task<int> WriteLast(
        IReadOnlyDictionary<string, string> environment, AdapterFolders folders, Action<string> log, HttpClient http, TimeProvider time, CancellationToken cancellation)
    {
        // The containers may take for ever; patience is for an engine that does not answer, so it is had anew after each answer.
        var came = false;
        while (!came)
        {
            var code = await Ask(
                environment, "turn", "whether the other containers have ended", log, http, time, () => new HttpRequestMessage(HttpMethod.Get, (Uri?)null),
                (answer, _) => Task.FromResult(came = answer.StatusCode == HttpStatusCode.NoContent), cancellation);
            if (code != 0)
                return code;
        }

        return await Write(environment, folders, log, http, time, cancellation);
    }

    private static HttpRequestMessage Upload(AdapterFolders folders)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, (Uri?)null)
        {
            Content = new DirectoryTar([("output", folders.Output), ("metadata", folders.Metadata), ("results", folders.Results)]),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
        // An engine that will refuse says so before the bytes are sent; otherwise its answer could be lost in a broken connection.
        request.Headers.ExpectContinue = true;
        return request;
    }

    private static async Task<int> Ask(
        IReadOnlyDictionary<string, string> environment, string resource, string what, Action<string> log, HttpClient http, TimeProvider time,
        Func<HttpRequestMessage> ask, Func<HttpResponseMessage, CancellationToken, Task> take, CancellationToken cancellation)
    {
        if (Target(environment, resource, log) is not var (url, token))
            return Misused;
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        var said = "";
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var (exitCode, trouble) = await Once(ask, url, token, http, take, either.Token);
                if (exitCode is { } code)
                {
                    if (code != 0)
                        log($"{what}: the engine refused: {trouble}");
                    return code;
                }

                // Said once, not with every attempt: a log of thousands of equal lines hides the one that matters.
                if (trouble != said)
                    log($"{what}: {said = trouble}; asking again");
                await Task.Delay(Delay(attempt), time, either.Token);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                log($"{what}: stopped");
                return Stopped;
            }
            catch (OperationCanceledException)
            {
                log(string.Create(CultureInfo.InvariantCulture, $"{what}: gave up after {Patience.TotalMinutes} minutes: {said}"));
                return Unreachable;
            }
            catch (FolderException e)
            {
                log(e.Message);
                return LocalTrouble;
            }
        }
    }

    /// <summary>An exit code, or null and why it is worth asking again.</summary>
    private static async Task<(int? ExitCode, string Trouble)> Once(
        Func<HttpRequestMessage> ask, Uri url, string token, HttpClient http, Func<HttpResponseMessage, CancellationToken, Task> take, CancellationToken cancellation)
    {
        using var request = ask();
        request.RequestUri = url;
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (answer.IsSuccessStatusCode)
            {
                await take(answer, cancellation);
                return (0, "");
            }

            var words = (await answer.Content.ReadAsStringAsync(cancellation)).ReplaceLineEndings(" ").Trim();
            var trouble = string.Create(CultureInfo.InvariantCulture, $"{(int)answer.StatusCode} {answer.ReasonPhrase}{(words.Length == 0 ? "" : ": ")}{(words.Length > 500 ? words[..500] : words)}");
            return (MayChange(answer.StatusCode) ? null : Refused, trouble);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            return (null, $"no answer in time ({e.Message})");
        }
        catch (Exception e) when (e is HttpRequestException or IOException && Local(e) is null)
        {
            return (null, ApiAnswer.Broken(url.Authority, e));
        }
        catch (HttpRequestException e)
        {
            throw Local(e)!;
        }
    }

    /// <summary>404: the engine has not (again) taken up the run; 409: it is just being handed over.</summary>
    private static bool MayChange(HttpStatusCode code) =>
        code is HttpStatusCode.NotFound or HttpStatusCode.Conflict or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)code >= 500;

    private static FolderException? Local(Exception e) => e as FolderException ?? (e.InnerException is { } inner ? Local(inner) : null);

    private static TimeSpan Delay(int attempt)
    {
        var grown = FirstDelay * Math.Pow(2, Math.Min(attempt, 16));
        return (grown < LongestDelay ? grown : LongestDelay) * (1 - (Random.Shared.NextDouble() / 2));
    }

    private static async Task Save(HttpResponseMessage answer, string folder, CancellationToken cancellation)
    {
        var bytes = await answer.Content.ReadAsByteArrayAsync(cancellation);
        var target = Path.Combine(folder, ObjectFile);
        var draft = Path.Combine(folder, $".{ObjectFile}.new");
        try
        {
            File.Delete(draft);
            await File.WriteAllBytesAsync(draft, bytes, cancellation);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(draft, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            File.Move(draft, target, true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FolderException($"{target} cannot be written: {e.Message}", e);
        }
    }

    private static (Uri Url, string Token)? Target(IReadOnlyDictionary<string, string> environment, string resource, Action<string> log)
    {
        var token = environment.GetValueOrDefault(TokenVariable, "");
        if (!Uri.TryCreate(environment.GetValueOrDefault(UrlVariable, ""), UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            log($"{UrlVariable} must be the http(s) URL of the run; the engine sets it in the Pods it makes");
        else if (token.Length == 0)
            log($"{TokenVariable} is not set; the engine sets it in the Pods it makes");
        else
            return (new Uri($"{url.AbsoluteUri.TrimEnd('/')}/{resource}"), token);
        return null;
    }
}

/// <summary>A directory of the Pod that cannot be read or written; asking the engine again would not help.</summary>
internal sealed class FolderException(string message, Exception? inner = null) : Exception(message, inner);
