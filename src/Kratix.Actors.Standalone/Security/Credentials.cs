using System.Net;

namespace Kratix.Actors.Standalone.Security;

/// <summary>What the data folder holds to tell friend from stranger: certificate, administrator's token, the key of ServiceAccount tokens.</summary>
internal sealed record Credentials(ServerCertificate Certificate, AdminToken Admin, ServiceAccountKey Key) : IDisposable
{
    /// <summary>Makes what is missing.</summary>
    public static Credentials Load(string folder, IPAddress address, TimeProvider time) =>
        new(ServerCertificate.Load(folder, address, time), AdminToken.Load(folder), ServiceAccountKey.Load(folder));

    public void Dispose()
    {
        Certificate.Dispose();
        Key.Dispose();
    }
}
