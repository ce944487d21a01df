using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kratix.Actors.Testing.Cluster;

/// <summary>A certificate and its key, as PEM.</summary>
public sealed record PemPair(string Certificate, string Key)
{
    public void WriteTo(string certificateFile, string keyFile)
    {
        File.WriteAllText(certificateFile, Certificate);
        File.WriteAllText(keyFile, Key);
    }
}

/// <summary>An authority that lives as long as a test, and vouches for the servers and users of that test.</summary>
public sealed class CertificateAuthority : IDisposable
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1", ClientUse = "1.3.6.1.5.5.7.3.2";
    private static readonly DateTimeOffset From = TimeProvider.System.GetUtcNow().AddMinutes(-5), Until = From.AddDays(1);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public CertificateAuthority()
    {
        var request = new CertificateRequest("CN=tests", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        _certificate = request.CreateSelfSigned(From, Until);
    }

    /// <summary>PEM.</summary>
    public string Certificate => _certificate.ExportCertificatePem();

    /// <param name="names">Addresses and DNS names.</param>
    public PemPair Server(params string[] names)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
                alternatives.AddIpAddress(address);
            else
                alternatives.AddDnsName(name);
        }

        return Sign($"CN={names[0]}", ServerUse, alternatives.Build());
    }

    /// <summary>For a user as Kubernetes reads it: the common name is the user, organizations are groups.</summary>
    public PemPair Client(string user, string group) => Sign($"O={group}, CN={user}", ClientUse);

    /// <summary>A key pair without a certificate: the key that signs, and the one that verifies, PEM.</summary>
    public static (string Private, string Public) SigningKeys()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return (key.ExportECPrivateKeyPem(), key.ExportSubjectPublicKeyInfoPem());
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }

    private PemPair Sign(string subject, string use, params ReadOnlySpan<X509Extension> more)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        foreach (var extension in more)
            request.CertificateExtensions.Add(extension);
        using var certificate = request.Create(_certificate, From, Until, RandomNumberGenerator.GetBytes(16));
        return new PemPair(certificate.ExportCertificatePem(), key.ExportECPrivateKeyPem());
    }
}
