using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Kratix.Actors.Core;

/// <summary>The hash in names that the reference gives to things: people, tools and existing repositories look for them. Nothing is protected by it.</summary>
public static class Md5
{
    /// <summary>In lower-case hex.</summary>
    [SuppressMessage("Security", "CA5351", Justification = "A name that others use, not a protection.")]
    public static string Of(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
}
