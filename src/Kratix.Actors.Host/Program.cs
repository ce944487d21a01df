using System.Collections;
using System.Runtime.InteropServices;
using Kratix.Actors.Host.Commands;

using var stop = new CancellationTokenSource();

// The first signal asks for an orderly stop; a second one means it, and the default action ends the process.
void Stop(PosixSignalContext signal)
{
    signal.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
return await KratixCommand.Run(args, Terminal.OfProcess(environment), environment, stop.Token);
