using System.Text.Json.Nodes;
using Kratix.Actors.Standalone.Api;
using Kratix.Actors.Standalone.Patches;
using Kratix.Actors.Standalone.Tests.Support;

namespace Kratix.Actors.Standalone.Tests.Patches;

public sealed class PatchTests
{
    [Theory]
    [InlineData("{a: 1, b: {c: 2}}", "{b: {c: null, d: 3}}", "{a: 1, b: {d: 3}}")]
    [InlineData("{a: [1, 2]}", "{a: [3]}", "{a: [3]}")]
    [InlineData("{a: 1}", "{a: {b: null, c: 1}}", "{a: {c: 1}}")]
    public void Merge_patch_follows_its_standard(string target, string patch, string expected) =>
        AssertSame(expected, MergePatch.Apply(Manifests.Json(target), Manifests.Json(patch)));

    [Theory]
    [InlineData("[{op: add, path: /a/-, value: 3}]", "{a: [1, 2, 3], b: {c: x}}")]
    [InlineData("[{op: add, path: /a/0, value: 0}]", "{a: [0, 1, 2], b: {c: x}}")]
    [InlineData("[{op: remove, path: /a/1}]", "{a: [1], b: {c: x}}")]
    [InlineData("[{op: replace, path: /b/c, value: y}]", "{a: [1, 2], b: {c: y}}")]
    [InlineData("[{op: move, from: /b/c, path: /d}]", "{a: [1, 2], b: {}, d: x}")]
    [InlineData("[{op: copy, from: /b, path: /d}]", "{a: [1, 2], b: {c: x}, d: {c: x}}")]
    [InlineData("[{op: test, path: /b/c, value: x}, {op: add, path: /e~1f, value: 1}]", "{a: [1, 2], b: {c: x}, e/f: 1}")]
    public void Json_patch_follows_its_standard(string patch, string expected) =>
        AssertSame(expected, JsonPatch.Apply(Manifests.Json("{a: [1, 2], b: {c: x}}"), Ports.Documents.Yaml.Parse(patch)));

    [Theory]
    [InlineData("[{op: test, path: /b/c, value: z}]", 422, "test failed")]
    [InlineData("[{op: remove, path: /nothing}]", 422, "missing path: \"/nothing\"")]
    [InlineData("[{op: replace, path: /a/7, value: 1}]", 422, "missing path")]
    [InlineData("[{op: shuffle, path: /a}]", 400, "unexpected operation kind: \"shuffle\"")]
    [InlineData("[{op: add, path: a, value: 1}]", 400, "must begin with /")]
    [InlineData("{op: add}", 400, "error decoding patch")]
    public void Json_patch_that_cannot_be_applied_is_refused(string patch, int code, string message)
    {
        var refusal = Assert.Throws<ApiException>(() => JsonPatch.Apply(Manifests.Json("{a: [1, 2], b: {c: x}}"), Ports.Documents.Yaml.Parse(patch)));

        Assert.Equal(code, refusal.Code);
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{spec: {containers: [{name: b, image: '2'}]}}", "{spec: {containers: [{name: a, image: '1'}, {name: b, image: '2'}]}}")]
    [InlineData("{spec: {containers: [{name: a, $patch: delete}]}}", "{spec: {containers: [{name: b, image: '1'}]}}")]
    [InlineData("{spec: {$setElementOrder/containers: [{name: b}, {name: a}], containers: [{name: a, image: '9'}]}}", "{spec: {containers: [{name: b, image: '1'}, {name: a, image: '9'}]}}")]
    [InlineData("{spec: {$patch: replace, volumes: []}}", "{spec: {volumes: []}}")]
    [InlineData("{spec: {$retainKeys: [volumes], volumes: [{name: v}]}}", "{spec: {volumes: [{name: v}]}}")]
    public void Strategic_merge_merges_lists_by_key(string patch, string expected) =>
        AssertSame(expected, StrategicMergePatch.Apply(Manifests.Json("{spec: {containers: [{name: a, image: '1'}, {name: b, image: '1'}]}}"), Manifests.Json(patch)));

    [Fact]
    public void Strategic_merge_deletes_from_a_set_of_texts() => AssertSame(
        "{metadata: {finalizers: [b]}}",
        StrategicMergePatch.Apply(Manifests.Json("{metadata: {finalizers: [a, b]}}"), Manifests.Json("{metadata: {$deleteFromPrimitiveList/finalizers: [a]}}")));

    private static void AssertSame(string expected, JsonNode? actual) =>
        Assert.True(JsonNode.DeepEquals(Manifests.Json(expected), actual), $"expected {expected}, found {actual?.ToJsonString()}");
}
