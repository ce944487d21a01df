namespace Kratix.Actors.Kernel;

/// <summary>The name of a child is taken, empty, or holds a slash.</summary>
public sealed class InvalidActorNameException(string message) : Exception(message);

/// <summary>More messages were stashed than <see cref="MailboxSettings.StashCapacity"/> allows.</summary>
public sealed class StashOverflowException(string message) : Exception(message);

/// <summary>No answer came within the limit of an ask.</summary>
public sealed class AskTimeoutException(string message) : TimeoutException(message);

/// <summary>The journal did not take an event; inner exception as the store threw it. The actor restarts and recovers from its row.</summary>
public sealed class AppendFailedException(string message, Exception cause) : Exception(message, cause);

/// <summary>The journal could not be read.</summary>
public sealed class RecoveryFailedException(string message, Exception cause) : Exception(message, cause);

/// <summary>The entity's row is at another sequence than this instance believed. The actor restarts and recovers from the row.</summary>
public sealed class SequenceConflictException(string message) : Exception(message);
