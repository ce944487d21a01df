using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kratix.Actors.Standalone.Security;

/// <summary>
/// The key that signs ServiceAccount tokens (JWT, ES256): made on first start, kept in the data folder and readable by its owner alone. It stays
/// for the folder's life, so that tokens in running containers outlive a restart of the server.
/// </summary>
internal sealed class ServiceAccountKey : IDisposable
{
    private readonly ECDsa _key;
    private readonly string _header;

    private ServiceAccountKey(ECDsa key)
    {
        _key = key;
        Id = Base64Url.EncodeToString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
        _header = Encode(new JsonObject { ["alg"] = "ES256", ["kid"] = Id, ["typ"] = "JWT" });
    }

    /// <summary>The digest of the public key, as tokens name it in <c>kid</c>.</summary>
    public string Id { get; }

    public static ServiceAccountKey Load(string folder)
    {
        var file = Path.Combine(folder, "service-account.key");
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(file)) key.ImportFromPem(File.ReadAllText(file));
        else PrivateFile.Write(file, key.ExportPkcs8PrivateKeyPem());
        return new ServiceAccountKey(key);
    }

    public string Sign(JsonObject claims)
    {
        var signed = $"{_header}.{Encode(claims)}";
        lock (_key) return $"{signed}.{Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    /// <summary>The claims of a token this key has signed; null for anything else. Says nothing about whether they still hold.</summary>
    public JsonObject? Verify(string token)
    {
        if (token.Split('.') is not [var header, var claims, var signature]) return null;
        try
        {
            // The header is not asked which algorithm to use: a token cannot choose how it is checked.
            var bytes = Base64Url.DecodeFromChars(signature);
            lock (_key)
                if (!_key.VerifyData(Encoding.ASCII.GetBytes($"{header}.{claims}"), bytes, HashAlgorithmName.SHA256)) return null;
            return JsonNode.Parse(Base64Url.DecodeFromChars(claims)) as JsonObject;
        }
        catch (Exception e) when (e is FormatException or CryptographicException or JsonException)
        {
            return null; // whatever it is, this key has not signed it
        }
    }

    /// <summary>The public half, for whoever checks tokens elsewhere.</summary>
    public JsonObject ToJwks()
    {
        var point = _key.ExportParameters(includePrivateParameters: false).Q;
        return new JsonObject
        {
            ["keys"] = new JsonArray(new JsonObject
            {
                ["use"] = "sig",
                ["kty"] = "EC",
                ["kid"] = Id,
                ["alg"] = "ES256",
                ["crv"] = "P-256",
                ["x"] = Base64Url.EncodeToString(point.X),
                ["y"] = Base64Url.EncodeToString(point.Y),
            }),
        };
    }

    public void Dispose() => _key.Dispose();

    private static string Encode(JsonObject o) => Base64Url.EncodeToString(o.ToUtf8());
}
