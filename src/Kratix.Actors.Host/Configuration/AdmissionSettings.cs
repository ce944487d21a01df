namespace Kratix.Actors.Host.Configuration;

/// <summary>The webhook a cluster's API server asks before it takes Promises, Destinations and state stores.</summary>
/// <param name="CertificateFile">PEM; null: no webhook is served.</param>
/// <param name="KeyFile">PEM, of that certificate.</param>
public sealed record AdmissionSettings(string Address, int Port, string? CertificateFile, string? KeyFile)
{
    internal static AdmissionSettings Read(SettingsReader reader)
    {
        var settings = new AdmissionSettings(
            reader.Text("kratix.admission.address"), reader.Int("kratix.admission.port", 0, 65535),
            reader.OptionalText("kratix.admission.certificate-file"), reader.OptionalText("kratix.admission.key-file"));
        reader.Require((settings.CertificateFile is null) == (settings.KeyFile is null), "kratix.admission.key-file", "the key of kratix.admission.certificate-file; both are set or neither is");
        return settings;
    }
}
