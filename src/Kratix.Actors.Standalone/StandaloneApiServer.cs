using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;
using Kratix.Actors.Standalone.Authorization;
using Kratix.Actors.Standalone.Lifecycle;
using Kratix.Actors.Standalone.OpenApi;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Security;
using Kratix.Actors.Standalone.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kratix.Actors.Standalone;

/// <summary>A Kubernetes-compatible API server for one machine: HTTPS, roles, everything in one folder.</summary>
public sealed class StandaloneApiServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ApiEndpoint _endpoint;
    private readonly Janitor _janitor;
    private readonly EventExpiry _events;
    private readonly Credentials _credentials;
    private readonly CancellationTokenSource _closing;

    private StandaloneApiServer(WebApplication app, ApiEndpoint endpoint, ObjectStore store, Janitor janitor, EventExpiry events, Credentials credentials, ServiceAccountTokens tokens, CancellationTokenSource closing, AdmissionHooks admission, Uri url, string kubeconfig)
    {
        (_app, _endpoint, Store, _janitor, _events, _credentials, Tokens, _closing, Admission, Url, KubeconfigPath) = (app, endpoint, store, janitor, events, credentials, tokens, closing, admission, url, kubeconfig);
    }

    /// <summary>Where it listens, e.g. <c>https://127.0.0.1:6443/</c>.</summary>
    public Uri Url { get; }

    /// <summary>A file (mode 0600) that makes kubectl the administrator.</summary>
    public string KubeconfigPath { get; }

    /// <summary>The same objects, without HTTP, for code in this process.</summary>
    public ObjectStore Store { get; }

    /// <summary>Makes tokens of ServiceAccounts, as the TokenRequest API does, for code in this process.</summary>
    public ServiceAccountTokens Tokens { get; }

    /// <summary>Hooks asked before every write; add them before users come.</summary>
    public AdmissionHooks Admission { get; }

    /// <summary>A way to the same server for clients in this process: same credentials, same rules, no socket.</summary>
    public HttpMessageHandler CreateHandler() => new InProcessHandler(_endpoint.Handle);

    /// <summary>Opens the data folder and serves. When this returns, kubectl works.</summary>
    /// <exception cref="IOException">The address is in use, or the folder cannot be written; the message says which.</exception>
    public static async Task<StandaloneApiServer> Start(StandaloneOptions options, CancellationToken ct)
    {
        var folder = DataFolder(options.DataFolder);
        var credentials = Credentials.Load(folder, options.Address, options.Time);
        var store = ObjectStore.Open(Path.Combine(folder, "objects.db"), options.Store, options.Time);
        var closing = new CancellationTokenSource();
        try
        {
            var catalog = new ResourceCatalog(store);
            var admission = new AdmissionHooks();
            var deletion = new Deletion(store, admission);
            var contents = new NamespaceContents(store, credentials.Certificate.AuthorityPem);
            await CreateFirstObjects(store, contents);
            var tokens = new ServiceAccountTokens(credentials.Key, store);
            var rbac = new Rbac(store);
            var authentication = new Authentication(credentials.Admin, tokens, rbac);
            var handlers = new ApiHandlers(
                new ReadHandler(store, options.Time), new WriteHandler(store, new ObjectOperations(store, catalog, admission, rbac, options.Time), deletion, options.Time),
                new WatchHandler(store, options, closing.Token), new PodLogHandler(store, options.PodLogs), new TokenHandler(store, tokens),
                new ReviewHandler(rbac, authentication), new OpenApiDocuments(catalog));
            var endpoint = new ApiEndpoint(options, catalog, authentication, rbac, credentials.Key, handlers);
            var app = await Listen(options, LastPort(options, folder), credentials.Certificate, endpoint, ct);
            // Started last: they begin with all that is stored, so nothing before them is missed, and nothing is left running when listening fails.
            var janitor = new Janitor(store, catalog, deletion, contents, options.Log);
            var events = new EventExpiry(store, options.EventLifetime, options.MaxEvents, options.Log);
            var url = new Uri(app.Urls.First());
            await File.WriteAllTextAsync(Path.Combine(folder, "port"), url.Port.ToString(CultureInfo.InvariantCulture), ct);
            var kubeconfig = Path.GetFullPath(options.KubeconfigPath ?? Path.Combine(folder, "kubeconfig"));
            Kubeconfig.Write(kubeconfig, Reachable(url), credentials.Certificate.AuthorityPem, credentials.Admin.Text);
            ServerLog.Started(options.Log, Reachable(url), store.Current.Kinds.Values.Sum(k => k.Count), kubeconfig);
            return new StandaloneApiServer(app, endpoint, store, janitor, events, credentials, tokens, closing, admission, Reachable(url), kubeconfig);
        }
        catch
        {
            await store.DisposeAsync();
            credentials.Dispose();
            closing.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        await _events.DisposeAsync();
        await _janitor.DisposeAsync();
        await Store.DisposeAsync();
        _credentials.Dispose();
        _closing.Dispose();
    }

    private static string DataFolder(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return Path.GetFullPath(path);
    }

    /// <summary>What to listen on: as set, or what an earlier start was given, or 0 for any.</summary>
    private static int LastPort(StandaloneOptions options, string folder)
    {
        var file = Path.Combine(folder, "port");
        return options.Port == 0 && File.Exists(file) && int.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : options.Port;
    }

    /// <summary>A picked port is picked again while it is free, so a kubeconfig copied elsewhere survives a restart.</summary>
    private static async Task<WebApplication> Listen(StandaloneOptions options, int port, ServerCertificate certificate, ApiEndpoint endpoint, CancellationToken ct)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            kestrel.Listen(options.Address, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(certificate.Certificate);
            });
        });
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(2));
        var app = builder.Build();
        app.Run(endpoint.Handle);
        try
        {
            await app.StartAsync(ct);
            return app;
        }
        catch (IOException) when (port != options.Port)
        {
            await app.DisposeAsync();
            return await Listen(options, options.Port, certificate, endpoint, ct); // taken by something else meanwhile
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    private static Uri Reachable(Uri url) =>
        url.Host is "0.0.0.0" or "[::]" ? new UriBuilder(url) { Host = IPAddress.Loopback.ToString() }.Uri : url;

    private static async Task CreateFirstObjects(ObjectStore store, NamespaceContents contents)
    {
        foreach (var name in Deletion.LastingNamespaces)
        {
            var o = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = name } };
            BuiltInDefaults.Namespace(o);
            await store.TryCreate(BuiltIn.Namespaces.Key("", name), o);
            await contents.Ensure(name);
        }
        await DefaultRoles.Ensure(store);
        await RoleAggregation.Refresh(store);
    }
}
