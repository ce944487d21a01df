using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kratix.Actors.Standalone.Security;

/// <summary>
/// The server's certificate and the authority that signed it, made on first start and kept in the data folder (keys readable by the owner
/// alone). The authority stays for the folder's life, so a kubeconfig stays valid; the server's certificate is renewed before it runs out
/// and when the address changes.
/// </summary>
internal sealed class ServerCertificate : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(397);
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3650);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(60);

    private ServerCertificate(X509Certificate2 certificate, string authorityPem)
    {
        Certificate = certificate;
        AuthorityPem = authorityPem;
    }

    public X509Certificate2 Certificate { get; }

    public string AuthorityPem { get; }

    public static ServerCertificate Load(string folder, IPAddress address, TimeProvider time)
    {
        var (caFile, caKeyFile) = (Path.Combine(folder, "ca.crt"), Path.Combine(folder, "ca.key"));
        var (file, keyFile) = (Path.Combine(folder, "server.crt"), Path.Combine(folder, "server.key"));
        var now = time.GetUtcNow();
        if (!File.Exists(caFile) || !File.Exists(caKeyFile))
        {
            MakeAuthority(caFile, caKeyFile, now);
            File.Delete(file);
        }
        using var authority = X509Certificate2.CreateFromPemFile(caFile, caKeyFile);
        if (!IsUsable(file, keyFile, address, now)) Issue(authority, file, keyFile, address, now);
        using var pem = X509Certificate2.CreateFromPemFile(file, keyFile);
        // Through PKCS#12, because TLS cannot use a key that exists only in memory beside its certificate.
        var usable = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        return new ServerCertificate(usable, authority.ExportCertificatePem());
    }

    public void Dispose() => Certificate.Dispose();

    private static void MakeAuthority(string file, string keyFile, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kratix-actors-standalone-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now + AuthorityLifetime);
        PrivateFile.Write(keyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(file, certificate.ExportCertificatePem());
    }

    private static bool IsUsable(string file, string keyFile, IPAddress address, DateTimeOffset now)
    {
        if (!File.Exists(file) || !File.Exists(keyFile)) return false;
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(file);
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return new DateTimeOffset(certificate.NotAfter.ToUniversalTime()) > now + RenewBefore
            && names is not null && (Equals(address, IPAddress.Any) || names.EnumerateIPAddresses().Contains(address));
    }

    private static void Issue(X509Certificate2 authority, string file, string keyFile, IPAddress address, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kratix-actors-standalone", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        request.CertificateExtensions.Add(Names(address));
        var end = now + Lifetime;
        if (end > authority.NotAfter) end = authority.NotAfter;
        using var certificate = request.Create(authority, now.AddDays(-1), end, RandomNumberGenerator.GetBytes(16));
        PrivateFile.Write(keyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(file, certificate.ExportCertificatePem());
    }

    private static X509Extension Names(IPAddress address)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddDnsName("kubernetes");
        names.AddDnsName("kubernetes.default");
        names.AddDnsName("kubernetes.default.svc");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        if (!IPAddress.IsLoopback(address) && !Equals(address, IPAddress.Any) && !Equals(address, IPAddress.IPv6Any)) names.AddIpAddress(address);
        return names.Build();
    }
}
