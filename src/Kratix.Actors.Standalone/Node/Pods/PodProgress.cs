namespace Kratix.Actors.Standalone.Nodes.Pods;

/// <summary>How far a Pod has come: its containers, and why it ended if not by itself.</summary>
internal sealed class PodProgress
{
    public PodProgress(PodSpec pod, DateTimeOffset acceptedAt)
    {
        Pod = pod;
        StartTime = acceptedAt;
        InitContainers = [.. pod.InitContainers.Select(c => new ContainerTrack(c))];
        Containers = [.. pod.Containers.Select(c => new ContainerTrack(c))];
    }

    public PodSpec Pod { get; }

    public DateTimeOffset StartTime { get; set; }

    public IReadOnlyList<ContainerTrack> InitContainers { get; }

    public IReadOnlyList<ContainerTrack> Containers { get; }

    public IEnumerable<ContainerTrack> All => InitContainers.Concat(Containers);

    /// <summary>The Pod failed as a whole, for instance <c>DeadlineExceeded</c>.</summary>
    public (string Reason, string Message)? Failure { get; set; }

    /// <summary>A limit of the Pod is passed and its containers are being stopped; it has failed, for this reason, once they have ended.</summary>
    public (string Reason, string Message)? Doom { get; set; }

    public bool Initialized => InitContainers.All(c => c.Ended is { Succeeded: true });

    /// <summary>Pending, Running, Succeeded or Failed, by the rules of a kubelet.</summary>
    public string Phase
    {
        get
        {
            if (Failure is not null) return "Failed";
            if (Doom is not null) return Initialized ? "Running" : "Pending";
            if (!Initialized) return Pod.RestartPolicy == RestartPolicy.Never && InitContainers.Any(c => c.Ended is { Succeeded: false }) ? "Failed" : "Pending";
            if (Containers.All(c => c.Ended is not null && !MayRestart(c.Ended))) return Containers.All(c => c.Ended!.Succeeded) ? "Succeeded" : "Failed";
            return Containers.All(c => c is { Now: ContainerCondition.Waiting, Last: null }) ? "Pending" : "Running";
        }
    }

    public bool IsFinished => Phase is "Succeeded" or "Failed";

    public bool MayRestart(ContainerCondition.Terminated ended) => Pod.RestartPolicy switch
    {
        RestartPolicy.Always => true,
        RestartPolicy.OnFailure => !ended.Succeeded,
        _ => false,
    };
}
