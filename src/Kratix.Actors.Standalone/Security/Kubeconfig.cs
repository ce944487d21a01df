using System.Text;

namespace Kratix.Actors.Standalone.Security;

/// <summary>The file that makes stock kubectl the administrator of this server.</summary>
internal static class Kubeconfig
{
    public static void Write(string path, Uri url, string authorityPem, string token)
    {
        var authority = Convert.ToBase64String(Encoding.UTF8.GetBytes(authorityPem));
        PrivateFile.Write(
            path,
            $"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: kratix-actors
              cluster:
                server: {url.GetLeftPart(UriPartial.Authority)}
                certificate-authority-data: {authority}
            users:
            - name: admin
              user:
                token: {token}
            contexts:
            - name: kratix-actors
              context:
                cluster: kratix-actors
                user: admin
            current-context: kratix-actors

            """);
    }
}
