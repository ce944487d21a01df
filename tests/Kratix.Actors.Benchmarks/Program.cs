using Kratix.Actors.Benchmarks;

return await BenchmarkCommand.Run(args);
