using Kratix.Actors.Core.Workflows;

namespace Kratix.Actors.Engine.Pipelines;

/// <summary>What a run handed in, as kept under its id: its output, or why its output cannot be used. Exactly one is there.</summary>
public sealed record RunManifest(RunOutput? Output, string? Refusal);
