namespace Kratix.Actors.Core.Tests.Laws;

/// <summary>A law does not hold; the message tells the seed and the whole story.</summary>
public sealed class LawException(string story) : Exception(story);
