namespace Kratix.Actors.Host.Commands;

/// <summary>What the program tells scripts. The numbers are part of its interface.</summary>
internal static class ExitCode
{
    internal const int Ok = 0;

    /// <summary>It was done and something is wrong: the journal does not verify, or the platform had to stop.</summary>
    internal const int Failure = 1;

    /// <summary>The command line or the configuration cannot be used.</summary>
    internal const int Usage = 2;

    /// <summary>Another process has the data folder.</summary>
    internal const int DataFolderInUse = 3;

    /// <summary>There is no such object.</summary>
    internal const int NotFound = 4;

    internal const string Meaning =
        """
        Exit codes:
          0  done
          1  something is wrong: a check found faults, or the platform had to stop
          2  the command line or the configuration cannot be used
          3  another process has the data folder
          4  there is no such object
        """;
}
