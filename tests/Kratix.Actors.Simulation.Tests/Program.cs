using System.Globalization;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>Run as a program, this plays the seeds it is given and tells each life: a test compares it with what another process told.</summary>
internal static class Program
{
    private static void Main(string[] seeds)
    {
        foreach (var seed in seeds)
            Console.Out.WriteLine(LifeOf(ulong.Parse(seed, CultureInfo.InvariantCulture)));
    }

    internal static string LifeOf(ulong seed)
    {
        var simulation = new Simulation(seed);
        simulation.Play(PlayedSeeds.Rounds);
        return $"{string.Join('\n', simulation.Story)}\n{string.Join('\n', Invariants.Hashes(simulation))}";
    }
}
