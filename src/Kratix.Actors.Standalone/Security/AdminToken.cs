using System.Security.Cryptography;
using System.Text;

namespace Kratix.Actors.Standalone.Security;

/// <summary>The administrator's bearer token: 256 random bits, made once, compared in constant time.</summary>
internal sealed class AdminToken
{
    private readonly byte[] _digest;

    private AdminToken(string text)
    {
        Text = text;
        _digest = SHA256.HashData(Encoding.UTF8.GetBytes(text));
    }

    public string Text { get; }

    public static AdminToken Load(string folder)
    {
        var file = Path.Combine(folder, "admin.token");
        if (!File.Exists(file)) PrivateFile.Write(file, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        return new AdminToken(File.ReadAllText(file).Trim());
    }

    /// <summary>Digests are compared, so neither the content nor the length of a guess shows in the time taken.</summary>
    public bool Is(string offered) => CryptographicOperations.FixedTimeEquals(_digest, SHA256.HashData(Encoding.UTF8.GetBytes(offered)));
}
