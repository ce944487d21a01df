using System.Globalization;
using Kratix.Actors.Host.Commands;
using Kratix.Actors.Host.Composition;

namespace Kratix.Actors.Host.Tests.Commands;

public sealed class UpCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_second_up_on_a_data_folder_in_use_names_the_folder_and_the_owner()
    {
        using var first = DataFolderLock.Take(_folder.Path);
        var second = await Invocation.Of("up", "--data-folder", _folder.Path);
        Assert.Equal(ExitCode.DataFolderInUse, second.ExitCode);
        Assert.Contains($"the data folder {_folder.Path} is in use by process {Environment.ProcessId};", second.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_folder_that_was_left_can_be_taken_again()
    {
        DataFolderLock.Take(_folder.Path).Dispose();
        using var again = DataFolderLock.Take(_folder.Path);
        Assert.Equal(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), File.ReadAllText(Path.Combine(_folder.Path, "up.pid")));
    }

    [Fact]
    public void A_new_data_folder_is_its_owners_alone()
    {
        if (OperatingSystem.IsWindows())
            return;
        var folder = Path.Combine(_folder.Path, "data");
        DataFolderLock.Take(folder).Dispose();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_made_is_refused_by_name()
    {
        var file = _folder.File("file", "");
        var refused = await Invocation.Of("up", "--data-folder", Path.Combine(file, "data"));
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.StartsWith($"kratix.data-folder = {file}/data cannot be made:", refused.Error, StringComparison.Ordinal);
    }
}
