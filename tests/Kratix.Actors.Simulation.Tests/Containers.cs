using System.Formats.Tar;
using System.Text;
using Kratix.Actors.Engine;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.Documents;
using Kratix.Actors.Ports.Journal;
using Kratix.Actors.Ports.Runs;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Simulation.Tests;

/// <summary>
/// What goes on in the Pods. A container fetches its object once, works, and hands in until it is heard, by whichever process listens then; so it may hand
/// in to a process that was started long after it.
/// </summary>
internal sealed class Containers(FakeRunner runner, IContentStore contents, Chaos chaos, ManualTime time)
{
    private readonly Dictionary<string, Pod> _pods = [];

    /// <summary>Names of the objects whose Pipelines wait for something that is not there yet: they hand in nothing but that they suspend.</summary>
    internal HashSet<string> Waiting { get; } = [];

    private enum Fate
    {
        Succeeds,
        Fails,
        FailsInPlace,
        SaysNothing,
    }

    /// <summary>One of them goes on, or (calm) all go to their end.</summary>
    internal void Work(Life life, SeededRandom dice, Action<string> tell)
    {
        ReadPlans();
        if (life.Engine is not { } engine)
            return;
        foreach (var run in runner.Runs.Where(IsAtWork))
        {
            var pod = _pods[Key(run)];
            if (!chaos.Calm && !dice.OneIn(2) || !life.TakesUp(pod))
                continue;
            if (pod.Fate is null)
            {
                if (pod.WaitsInPlace)
                    StartAgain(pod);
                pod.Fate = FateOf(pod);
                tell($"Pod {run.PodName} begins; it {pod.Fate}");
            }

            life.Kit.Dispatcher.InContext(() => _ = Carry(engine, life, pod));
        }
    }

    private Fate FateOf(Pod pod)
    {
        if (pod.InPlace && chaos.Happens(Fault.RestartInPlace, 2))
            return Fate.FailsInPlace;
        if (chaos.Happens(Fault.RunFailed, 10))
        {
            if (pod.Starts > 1)
                chaos.Count(Fault.FailedAfterRestarts);
            return Fate.Fails;
        }

        return chaos.Happens(Fault.RunSilent, 10) ? Fate.SaysNothing : Fate.Succeeds;
    }

    /// <summary>A kubelet starts a container again that failed; what was fetched is still there.</summary>
    private void StartAgain(Pod pod)
    {
        (pod.WaitsInPlace, pod.Starts) = (false, pod.Starts + 1);
        runner.StartAgain(pod.Plan.Namespace, pod.Plan.PodName);
    }

    /// <summary>
    /// Two runs at work for one object, or null. Another object of the same name is another object. A Pod is at work from when it was given its object until
    /// it has handed in: one that a replaced engine made late waits for what it is never given, and a Pod that has handed in only ends.
    /// </summary>
    internal string? Overlap()
    {
        ReadPlans();
        var twice = runner.Runs.Where(r => IsAtWork(r) && _pods[Key(r)].Object is not null && contents.GetRun(r.RunId, CancellationToken.None).GetAwaiter().GetResult() is null)
            .GroupBy(r => (Name: _pods[Key(r)].Plan.Labels.GetValueOrDefault(Marks.ResourceName, ""), Uid: $"{_pods[Key(r)].Plan.Owner?["uid"]}")).FirstOrDefault(g => g.Count() > 1);
        return twice is null ? null : $"two runs of {twice.Key.Name} are active: {string.Join(", ", twice.Select(r => r.PodName))}";
    }

    private async Task Carry(KratixEngine engine, Life life, Pod pod)
    {
        var (plan, start) = (pod.Plan, pod.Starts);
        if (pod.Object is null && await engine.Exchange.Object(plan.RunId, plan.ExchangeToken, CancellationToken.None) is Outcome<ReadOnlyMemory<byte>>.Done { Value: var yaml })
            pod.Object ??= Encoding.UTF8.GetString(yaml.Span);
        await chaos.Pause();
        if (pod.Object is not null && pod.Fate == Fate.Succeeds)
        {
            await HandIn(engine, pod, OutputOf(pod));
            if (pod.InPlace && IsAlive(pod) && chaos.Happens(Fault.HandedInAgain, 4))
            {
                runner.Report(plan.Namespace, plan.PodName, report => report with { Phase = RunPhase.Running, Restarts = report.Restarts + 1 });
                await chaos.Pause();
                await HandIn(engine, pod, OutputOf(pod));
            }
        }

        await chaos.Pause();
        // A process that was paused may come back to a start that is over.
        if (pod.Object is not null && pod.Starts == start && IsAlive(pod))
            End(pod);
        life.IsDoneWith(pod);
    }

    private void End(Pod pod)
    {
        var (ns, name) = (pod.Plan.Namespace, pod.Plan.PodName);
        if (pod.Fate == Fate.FailsInPlace)
        {
            (pod.Fate, pod.WaitsInPlace) = (null, true);
            runner.FailInPlace(ns, name, 1);
        }
        else if (!pod.WaitsInPlace)
            runner.Finish(ns, name, pod.Fate == Fate.Fails ? 1 : 0);
    }

    private (string Path, string Text) OutputOf(Pod pod) => Waiting.Contains(pod.Plan.Labels.GetValueOrDefault(Marks.ResourceName, ""))
        ? ("metadata/workflow-control.yaml", "suspend: true\n")
        : ("output/db.yaml", Samples.FileOf(Yaml.Parse(pod.Object!)!["spec"]?["size"]?.ToString(), pod.Plan.Containers[0]!["image"]!.ToString()));

    private async Task HandIn(KratixEngine engine, Pod pod, (string Path, string Text) file)
    {
        while (IsAlive(pod))
        {
            try
            {
                if (await engine.Exchange.Submit(pod.Plan.RunId, pod.Plan.ExchangeToken, Archive(file), CancellationToken.None) is Outcome<Nothing>.Done)
                    return;
            }
            catch (JournalException)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), time);
            }
        }
    }

    private static MemoryStream Archive((string Path, string Text) file)
    {
        var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Gnu, leaveOpen: true))
            writer.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, file.Path) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(file.Text)) });
        stream.Position = 0;
        return stream;
    }

    /// <summary>A Pod of a name that was made before is another Pod, with everything before it.</summary>
    private void ReadPlans()
    {
        while (runner.Created.TryRead(out var plan))
            _pods[$"{plan.Namespace}/{plan.PodName}"] = new Pod(plan);
    }

    private bool IsAlive(Pod pod)
    {
        ReadPlans();
        return runner.Runs.Any(r => IsAtWork(r) && _pods[Key(r)] == pod);
    }

    private static bool IsAtWork(RunReport run) => run.Phase is RunPhase.Pending or RunPhase.Running;

    private static string Key(RunReport run) => $"{run.Namespace}/{run.PodName}";

    private sealed class Pod(RunPlan plan)
    {
        internal RunPlan Plan => plan;

        /// <summary>What it fetched, as YAML; null before.</summary>
        internal string? Object { get; set; }

        /// <summary>How this start of its container ends; null before it begins.</summary>
        internal Fate? Fate { get; set; }

        /// <summary>Whether a container that fails is started again in it.</summary>
        internal bool InPlace => (string?)plan.PodSpec?["restartPolicy"] == "OnFailure";

        internal int Starts { get; set; } = 1;

        /// <summary>Its container has failed and is not started again yet.</summary>
        internal bool WaitsInPlace { get; set; }
    }
}
