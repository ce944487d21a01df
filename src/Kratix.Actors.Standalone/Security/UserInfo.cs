using System.Collections.Immutable;

namespace Kratix.Actors.Standalone.Security;

/// <summary>Who asks.</summary>
/// <param name="Name"><c>kubernetes-admin</c>, <c>system:serviceaccount:NAMESPACE:NAME</c>, or whomever an administrator speaks for.</param>
/// <param name="Groups">What rules may name besides the user.</param>
public sealed record UserInfo(string Name, string Uid, ImmutableArray<string> Groups)
{
    public const string Masters = "system:masters";
    public const string Authenticated = "system:authenticated";
    public const string Unauthenticated = "system:unauthenticated";
    public const string Anonymous = "system:anonymous";
    public const string ServiceAccounts = "system:serviceaccounts";
    private const string ServiceAccountPrefix = "system:serviceaccount:";

    /// <summary>The holder of the data folder's token: no rule is looked at.</summary>
    public static readonly UserInfo Administrator = new("kubernetes-admin", "", [Masters, Authenticated]);

    public bool IsMaster { get; } = Groups.Contains(Masters);

    public static string ServiceAccountName(string ns, string name) => $"{ServiceAccountPrefix}{ns}:{name}";

    public static ImmutableArray<string> ServiceAccountGroups(string ns) => [ServiceAccounts, $"{ServiceAccounts}:{ns}", Authenticated];

    /// <summary>Namespace and name of the ServiceAccount a user name stands for; null for any other user.</summary>
    public static (string Namespace, string Name)? ServiceAccountOf(string user) =>
        user.StartsWith(ServiceAccountPrefix, StringComparison.Ordinal) && user[ServiceAccountPrefix.Length..].Split(':') is [{ Length: > 0 } ns, { Length: > 0 } name] ? (ns, name) : null;
}
