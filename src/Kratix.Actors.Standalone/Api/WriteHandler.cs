using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Lifecycle;
using Kratix.Actors.Standalone.Resources;
using Kratix.Actors.Standalone.Selection;
using Kratix.Actors.Standalone.Storage;
using Kratix.Actors.Standalone.Tables;

namespace Kratix.Actors.Standalone.Api;

/// <summary>The methods that change something, from request to answer.</summary>
internal sealed class WriteHandler(ObjectStore store, ObjectOperations operations, Deletion deletion, TimeProvider time)
{
    public async Task Create(ApiRequest request) => await Answer(request, await operations.Create(request, await request.ReadObject()));

    public async Task Update(ApiRequest request) => await Answer(request, await operations.Update(request, await request.ReadObject()));

    public async Task Patch(ApiRequest request)
    {
        var content = (request.Http.Request.ContentType ?? "").Split(';')[0].Trim();
        await Answer(request, await operations.Patch(request, await request.ReadBody(), content));
    }

    public async Task Delete(ApiRequest request)
    {
        var options = DeleteOptions.Of(request, await request.ReadBody() as JsonObject);
        var deleted = await deletion.Delete(request, request.Name, options);
        Answers.Warn(request.Http, request.Warnings);
        var body = deleted.IsGone && request.Type != BuiltIn.Pods
            ? Answers.Success(request.Type, request.Name, deleted.LastState.At("metadata", "uid").AsText())
            : deleted.LastState;
        await Answers.Send(request.Http, 200, body);
    }

    public async Task DeleteCollection(ApiRequest request)
    {
        var type = request.Type;
        var options = DeleteOptions.Of(request, await request.ReadBody() as JsonObject);
        var labels = LabelSelector.Parse(request.Query("labelSelector"));
        var fields = FieldSelector.Parse(request.Query("fieldSelector"), type);
        var items = new JsonArray();
        foreach (var o in store.Current.List(type.Storage, type.Namespaced ? request.Namespace : null).Where(o => labels.Matches(o.Header.Labels) && fields.Matches(o)).ToList())
        {
            var one = new ApiRequest(request.Http, request.User, type, o.Namespace, o.Name, "", 0);
            try
            {
                items.Add((await deletion.Delete(one, o.Name, options)).LastState);
            }
            catch (ApiException e) when (e.Code == 404)
            {
                // Somebody else deleted it meanwhile, which is what was asked for.
            }
        }
        await Answers.Send(request.Http, 200, new JsonObject
        {
            ["kind"] = type.ListKind,
            ["apiVersion"] = type.ApiVersion,
            ["metadata"] = new JsonObject { ["resourceVersion"] = store.Version.ToString(System.Globalization.CultureInfo.InvariantCulture) },
            ["items"] = items,
        });
    }

    private async Task Answer(ApiRequest request, Written written)
    {
        Answers.Warn(request.Http, request.Warnings);
        var code = written.IsNew ? 201 : 200;
        if (TableFormat.Of(request.Http.Request.Headers.Accept.ToString(), request.Query("includeObject")) is not { } table)
        {
            await Answers.Send(request.Http, code, written.Json);
            return;
        }
        var tree = written.Tree;
        var metadata = new JsonObject { ["resourceVersion"] = tree.At("metadata", "resourceVersion").AsText() };
        await Answers.Send(request.Http, code, table.Table(request.Type, [tree], metadata, time.GetUtcNow()));
    }
}
