using Kratix.Actors.EndToEnd.Tests.Support;
using Kratix.Actors.Testing;

namespace Kratix.Actors.EndToEnd.Tests;

/// <summary>What is there when the engine has started, before anybody has applied anything.</summary>
public sealed class InstallationTests(SharedPlatform shared) : IClassFixture<SharedPlatform>
{
    [Theory]
    [InlineData("promises", "Promise", "Cluster", "", "Status,Kind,API Version,Version,Message")]
    [InlineData("promisereleases", "PromiseRelease", "Cluster", "", "Status,Version")]
    [InlineData("promiserevisions", "PromiseRevision", "Cluster", "", "Promise,Version,Latest")]
    [InlineData("resourcebindings", "ResourceBinding", "Namespaced", "", "Resource,Promise,Desired,Applied")]
    [InlineData("works", "Work", "Namespaced", "", "STATUS")]
    [InlineData("workplacements", "WorkPlacement", "Namespaced", "wp,wps", "DESTINATION,STATUS")]
    [InlineData("destinations", "Destination", "Cluster", "dest,dests", "StateStoreKind,StateStoreName,Ready")]
    [InlineData("gitstatestores", "GitStateStore", "Cluster", "", "URL,Branch,Ready")]
    [InlineData("bucketstatestores", "BucketStateStore", "Cluster", "", "Name,Endpoint,Ready")]
    [InlineData("healthrecords", "HealthRecord", "Namespaced", "", "Status,Age")]
    [InlineData("dryruns", "DryRun", "Namespaced", "", "Promise,Request,Completed")]
    [Conformance("K1", "All kinds of platform.kratix.io install themselves, with the reference's scopes, short names, printer columns and category.")]
    public async Task Kinds_of_the_reference_install_themselves(string plural, string kind, string scope, string shortNames, string columns)
    {
        var crd = await shared.Kubectl.Get("crd", $"{plural}.platform.kratix.io");
        Assert.True(crd.Has("Established"));
        Assert.Equal((kind, scope), (crd.Text("spec.names.kind"), crd.Text("spec.scope")));
        Assert.Equal(shortNames, string.Join(',', crd.At("spec.names.shortNames")?.AsArray().Select(n => n!.ToString()) ?? []));
        Assert.Equal(columns, string.Join(',', crd.At("spec.versions.0.additionalPrinterColumns")?.AsArray().Select(c => c!["name"]!.ToString()) ?? []));
        Assert.Equal("v1alpha1", crd.Text("spec.versions.0.name"));
        foreach (var name in shortNames.Split(',', StringSplitOptions.RemoveEmptyEntries).Append(plural))
            await shared.Kubectl.Run("get", name, "-A");
        var inCategory = await shared.Kubectl.Run("api-resources", "--api-group=platform.kratix.io", "--categories=kratix", "-o", "name");
        Assert.Equal(kind != "HealthRecord", inCategory.Split('\n').Contains($"{plural}.platform.kratix.io"));
    }
}
