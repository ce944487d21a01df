namespace Kratix.Actors.Engine.Effects;

/// <summary>A number in [0, 1) for a text: spread like chance, and the same on every node and in every replay.</summary>
internal static class Jitter
{
    internal static double Of(string text) => Convert.ToUInt32(Core.Digest.Of("jitter", text)[..8], 16) / (uint.MaxValue + 1.0);
}
