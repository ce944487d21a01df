using System.Collections.Immutable;
using Kratix.Actors.Core.Placement;

namespace Kratix.Actors.Ports.StateStores;

/// <summary>Credentials as read from the Secret. They never appear in <c>ToString</c>, arguments, logs or errors.</summary>
public sealed record StoreCredentials(ImmutableSortedDictionary<string, byte[]> Data)
{
    public static readonly StoreCredentials None = new(ImmutableSortedDictionary<string, byte[]>.Empty);

    public override string ToString() => $"StoreCredentials({string.Join(", ", Data.Keys)})";
}

/// <summary>Where files go, as a state store object names it.</summary>
public abstract record StateStoreAddress(StoreCredentials Credentials);

/// <summary>
/// A branch of a repository, as a GitStateStore names it. <paramref name="AuthMethod"/>: <c>basicAuth</c>, <c>ssh</c> or <c>githubApp</c>
/// (the credentials' keys are those of the reference: <c>username</c>/<c>password</c>, <c>sshPrivateKey</c>/<c>knownHosts</c>, …).
/// </summary>
public sealed record GitAddress(
    string Url, string Branch, string AuthMethod, StoreCredentials Credentials, string AuthorName, string AuthorEmail, bool VerifyTls = true) : StateStoreAddress(Credentials);

/// <summary>
/// A bucket, as a BucketStateStore names it. <paramref name="Endpoint"/>: host and perhaps port, without a scheme; <paramref name="Insecure"/>: plain HTTP.
/// <paramref name="AuthMethod"/>: <c>accessKey</c> (credentials <c>accessKeyID</c>, <c>secretAccessKey</c>) or <c>IAM</c> (whatever the machine offers).
/// </summary>
public sealed record BucketAddress(string Bucket, string Endpoint, bool Insecure, bool UseDualStack, string AuthMethod, StoreCredentials Credentials) : StateStoreAddress(Credentials);

/// <summary>
/// What one placement wants written. <paramref name="Id"/> identifies the intent within the batch.
/// <paramref name="Placement"/> is the WorkPlacement's name; <paramref name="Action"/> is <c>Update</c> or <c>Delete</c>: the commit message
/// carries a trailer line for each changed intent so that every commit can be attributed.
/// <paramref name="Request"/> names the object it was written for, e.g. <c>redis/default/example</c>.
/// </summary>
public sealed record WriteIntent(string Id, string Placement, string Action, string Request, string RunId, ImmutableArray<PathChange> Changes);

/// <summary>What became of one intent.</summary>
public abstract record IntentResult
{
    private IntentResult() { }

    /// <summary>
    /// In the store and acknowledged. <paramref name="Changed"/> false: it was there already, and <paramref name="CommitId"/> is the commit that was checked.
    /// A bucket has no commits: there it is a digest of the names and contents that it has acknowledged for this intent.
    /// </summary>
    public sealed record Written(string CommitId, bool Changed) : IntentResult;

    /// <summary>This intent cannot be written (e.g. a path that escapes); the others of the batch were not held up by it.</summary>
    public sealed record Refused(string Reason) : IntentResult;
}

/// <summary>The outcome of a batch by intent id. <paramref name="Pushes"/>: pushes it took, 0 when nothing changed.</summary>
public sealed record BatchResult(string HeadCommit, int Pushes, ImmutableDictionary<string, IntentResult> Results);

/// <summary>
/// One branch of one repository, or one bucket. Callers serialise: at most one call at a time per store.
/// A batch is one commit and one push (in a bucket: one object after the other); foreign files stay byte-identical; a push that was rejected is fetched and redone.
/// </summary>
public interface IStateStore : IAsyncDisposable
{
    /// <summary><see cref="Refusal.Declined"/>: the other side refused the whole for what is in it; a part of the intents may be taken.</summary>
    Task<Outcome<BatchResult>> Write(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation);

    /// <summary>The ids of those intents whose writing would change something in the store as it is now. Changes nothing in it.</summary>
    Task<Outcome<IReadOnlySet<string>>> Differing(IReadOnlyList<WriteIntent> intents, CancellationToken cancellation);

    /// <summary>Can the store be read and written? Changes nothing in it.</summary>
    Task<Outcome<Nothing>> CheckAccess(CancellationToken cancellation);
}

/// <summary>Opens stores. File contents are taken from the content store by digest.</summary>
public interface IStateStores
{
    /// <summary>A spelling-independent name of the repository and branch, or of the bucket: two spellings of one repository have one key.</summary>
    Outcome<string> KeyOf(StateStoreAddress address);

    /// <summary>
    /// <paramref name="beforePush"/> is asked when everything is ready, right before each push: what is not done ends the batch with that answer, and nothing
    /// is pushed. Null: nothing speaks against a push.
    /// </summary>
    Outcome<IStateStore> Open(StateStoreAddress address, Func<Task<Outcome<Nothing>>>? beforePush = null);
}
