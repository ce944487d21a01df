using System.Text;
using Kratix.Actors.Ports;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.StateStores.Git;
using Kratix.Actors.Testing;

namespace Kratix.Actors.StateStores.Tests;

/// <summary>What others do to the repository, and what happens to the cache.</summary>
public sealed class FailureTests
{
    [Fact]
    public async Task Missing_branch_is_terminal_and_names_those_there_are()
    {
        await using var world = new GitWorld();
        await world.Write("a");
        world.Address = world.Address with { Branch = "production" };
        var outcome = await world.Write("a");

        Assert.Equal(Refusal.NotFound, outcome.Code);
        Assert.Contains("'production'", outcome.Failure, StringComparison.Ordinal);
        Assert.Contains("main", outcome.Failure, StringComparison.Ordinal);
    }

    [Fact, Conformance("R98", "A branch that is not there yet is made by the first write where a setting allows it.")]
    public async Task Missing_branch_is_made_where_the_settings_allow_it()
    {
        await using var world = new GitWorld(o => o with { CreateMissingBranch = true });
        await world.Write("a");
        world.Address = world.Address with { Branch = "platform" };

        Assert.True((await world.Write("b")).IsWritten);
        Assert.Equal("dev/b/x", GitWorld.Git(world.Repository, "ls-tree", "-r", "--name-only", "platform").Trim());
        Assert.Equal(["dev/a/x"], (await world.Files()).Keys);
    }

    [Fact]
    public async Task Deleted_branch_is_terminal_until_it_is_there_again()
    {
        await using var world = new GitWorld();
        await using var store = world.Open();
        await store.Write([world.Update("a")], CancellationToken.None);
        GitWorld.Git(world.Repository, "branch", "-m", "main", "renamed");

        var outcome = Assert.IsType<Outcome<BatchResult>.Terminal>(await store.Write([world.Update("b")], CancellationToken.None));
        Assert.Equal(Refusal.NotFound, outcome.Code);
        GitWorld.Git(world.Repository, "branch", "main", "renamed");
        Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("b")], CancellationToken.None));
    }

    [Fact]
    public async Task Repository_made_anew_and_empty_gets_a_first_commit_again()
    {
        await using var world = new GitWorld();
        await using var store = world.Open();
        await store.Write([world.Update("a")], CancellationToken.None);
        Directory.Delete(world.Repository, recursive: true);
        Assert.Equal(Refusal.NotFound, Assert.IsType<Outcome<BatchResult>.Terminal>(await store.Write([world.Update("b")], CancellationToken.None)).Code);
        GitWorld.Git(world.Root, "init", "--quiet", "--bare", "--initial-branch=main", world.Repository);

        Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("b")], CancellationToken.None));
        Assert.Equal(["dev/b/x"], (await world.Files()).Keys);
    }

    [Fact, Conformance("R107", "A branch that somebody rewound stays rewound, and the next write goes on from there.")]
    public async Task Rewound_branch_stays_rewound_under_the_next_commit()
    {
        await using var world = new GitWorld();
        await using var store = world.Open();
        await store.Write([world.Update("a")], CancellationToken.None);
        var kept = world.Head();
        await store.Write([world.Update("mistake")], CancellationToken.None);
        GitWorld.Git(world.Repository, "update-ref", "refs/heads/main", kept);
        await store.Write([world.Update("b")], CancellationToken.None);

        Assert.Equal(["dev/a/x", "dev/b/x"], (await world.Files()).Keys);
        Assert.Equal(kept, GitWorld.Git(world.Repository, "rev-parse", "main^").Trim());
    }

    [Fact]
    public async Task Rewritten_branch_is_built_upon()
    {
        await using var world = new GitWorld();
        await using var store = world.Open();
        await store.Write([world.Update("a")], CancellationToken.None);
        var tree = GitWorld.Git(world.Repository, "rev-parse", "main^{tree}").Trim();
        var rewritten = GitWorld.Git(world.Repository, "commit-tree", tree, "-m", "Rewritten").Trim();
        GitWorld.Git(world.Repository, "update-ref", "refs/heads/main", rewritten);
        await store.Write([world.Update("b")], CancellationToken.None);

        Assert.Equal(rewritten, GitWorld.Git(world.Repository, "rev-parse", "main^").Trim());
    }

    [Fact, Conformance("R107", "A push that lost against somebody else is done again on top of theirs.")]
    public async Task Lost_race_is_redone_on_top_of_the_winner()
    {
        await using var world = new GitWorld();
        var wrapper = Rival(world, times: 2);
        await using var store = world.Open(world.Options with { GitExecutable = wrapper });
        await world.Write("first");
        var result = Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("a")], CancellationToken.None)).Value;

        Assert.Equal(3, result.Pushes);
        Assert.Equal(["dev/a/x", "dev/first/x", "rival-1", "rival-2"], (await world.Files()).Keys);
        Assert.Equal(4, await world.Commits());
    }

    [Fact]
    public async Task Race_that_is_always_lost_is_transient()
    {
        await using var world = new GitWorld();
        var wrapper = Rival(world, times: 100);
        await using var store = world.Open(world.Options with { GitExecutable = wrapper, MaxRedo = 2 });
        await world.Write("first");
        var outcome = Assert.IsType<Outcome<BatchResult>.Transient>(await store.Write([world.Update("a")], CancellationToken.None));

        Assert.Contains("moved 3 times", outcome.Reason, StringComparison.Ordinal);
        Assert.Equal(4, await world.Commits());
    }

    [Fact]
    public async Task Hook_that_declines_is_terminal_with_its_words()
    {
        await using var world = new GitWorld();
        Hook(world, "echo 'no commits on Sundays' >&2; exit 1");
        var outcome = await world.Write("a");

        Assert.Equal(Refusal.Declined, outcome.Code);
        Assert.Contains("no commits on Sundays", outcome.Failure, StringComparison.Ordinal);
        Assert.Contains("'main'", outcome.Failure, StringComparison.Ordinal);
        File.Delete(Path.Combine(world.Repository, "hooks", "pre-receive"));
        Assert.True((await world.Write("a")).IsWritten);
    }

    [Fact, Conformance("K24", "A disk that is full under the cache is said so, and writing goes on when there is room.")]
    public async Task Full_disk_is_transient_and_named_and_forgotten_when_there_is_room()
    {
        await using var world = new GitWorld();
        var small = Directory.CreateDirectory(Path.Combine(world.Root, "small")).FullName;
        Shell("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small);
        try
        {
            await using var store = world.Open(world.Options with { CacheFolder = Path.Combine(small, "cache") });
            Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("a")], CancellationToken.None));
            var filler = Path.Combine(small, "filler");
            await File.WriteAllBytesAsync(filler, new byte[new DriveInfo(small).AvailableFreeSpace]);

            var full = Assert.IsType<Outcome<BatchResult>.Transient>(await store.Write([world.Update("b", new string('x', 100_000))], CancellationToken.None));
            Assert.Contains("disk is full", full.Reason, StringComparison.Ordinal);
            Assert.Contains(small, full.Reason, StringComparison.Ordinal);
            Assert.Equal(1, await world.Commits());

            File.Delete(filler);
            Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("b")], CancellationToken.None));
        }
        finally
        {
            Shell("umount", small);
        }
    }

    [Fact]
    public async Task Hooks_of_the_cache_are_never_run()
    {
        await using var world = new GitWorld();
        await world.Write("a");
        var hooks = Directory.CreateDirectory(Path.Combine(Cache(world), "hooks")).FullName;
        File.Copy(world.Script("hook", $"touch '{world.Root}/ran'"), Path.Combine(hooks, "pre-push"));
        File.Copy(Path.Combine(hooks, "pre-push"), Path.Combine(hooks, "reference-transaction"));
        await world.Write("b");
        Assert.False(File.Exists(Path.Combine(world.Root, "ran")));
    }

    [Theory, Conformance("K24", "A lock that a killed git left behind holds up nothing.")]
    [InlineData("shallow.lock")]
    [InlineData("packed-refs.lock")]
    [InlineData("config.lock")]
    [InlineData("refs/kratix/fetched.lock")]
    [InlineData("refs/kratix/written.lock")]
    [InlineData("objects/info/commit-graphs.lock")]
    [InlineData("objects/pack/tmp_pack_Ab12cd")]
    [InlineData("fast_import_crash_17")]
    public async Task Lock_left_behind_is_removed(string file)
    {
        await using var world = new GitWorld();
        await world.Write("a");
        await File.WriteAllTextAsync(Path.Combine(Cache(world), file), "");
        await world.WriteForeign(new Dictionary<string, byte[]?> { ["foreign"] = [1] });
        Assert.True((await world.Write("b")).IsWritten);
        Assert.False(File.Exists(Path.Combine(Cache(world), file)));
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("config")]
    [InlineData("shallow")]
    [InlineData("refs/kratix/fetched")]
    [InlineData("refs/kratix/written")]
    public async Task Cache_with_a_part_that_a_power_cut_emptied_is_of_use_or_made_anew(string part)
    {
        await using var world = new GitWorld();
        await world.Write("a");
        await world.WriteForeign(new Dictionary<string, byte[]?> { ["foreign"] = [1] });
        await world.Write("b");
        await File.WriteAllTextAsync(Path.Combine(Cache(world), part), "");

        var written = await world.Write("c");
        Assert.True(written.IsWritten, written.Outcome.Failure);
        Assert.Equal(["dev/a/x", "dev/b/x", "dev/c/x", "foreign"], (await world.Files()).Keys);
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("config")]
    [InlineData("objects")]
    [InlineData("refs")]
    [InlineData("kratix-complete")]
    public async Task Cache_with_a_part_missing_is_made_anew(string part)
    {
        await using var world = new GitWorld();
        await using var store = world.Open();
        await store.Write([world.Update("a")], CancellationToken.None);
        var path = Path.Combine(Cache(world), part);
        if (File.Exists(path))
            File.Delete(path);
        else
            Directory.Delete(path, recursive: true);

        Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("b")], CancellationToken.None));
        Assert.Equal(["dev/a/x", "dev/b/x"], (await world.Files()).Keys);
    }

    [Fact]
    public async Task Cache_with_damaged_objects_is_made_anew()
    {
        await using var world = new GitWorld();
        await using var store = world.Open();
        await store.Write([world.Update("a")], CancellationToken.None);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Cache(world), "objects"), "*", SearchOption.AllDirectories))
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await File.WriteAllTextAsync(file, "garbage");
        }

        Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("b")], CancellationToken.None));
        Assert.Equal(["dev/a/x", "dev/b/x"], (await world.Files()).Keys);
    }

    [Theory, Conformance("K24", "A git that is killed in the middle of its work loses nothing.")]
    [InlineData("fetch")]
    [InlineData("cat-file")]
    [InlineData("fast-import")]
    [InlineData("push")]
    public async Task Git_killed_in_the_middle_is_survived(string command)
    {
        await using var world = new GitWorld();
        await world.Write("a");
        var wrapper = world.Script("git-that-dies", $"""
            case " $* " in *" {command} "*)
              if [ ! -e '{world.Root}/died' ]; then touch '{world.Root}/died'; kill -9 $$; fi;;
            esac
            exec git "$@"
            """);
        await using var store = world.Open(world.Options with { GitExecutable = wrapper });
        var outcome = await store.Write([world.Update("b")], CancellationToken.None);

        Assert.True(File.Exists(Path.Combine(world.Root, "died")));
        Assert.True(outcome is Outcome<BatchResult>.Done, outcome.Failure);
        Assert.Equal(["dev/a/x", "dev/b/x"], (await world.Files()).Keys);
    }

    [Fact]
    public async Task Git_that_does_not_end_on_this_machine_is_killed_and_the_setting_named()
    {
        var time = new ManualTime();
        await using var world = new GitWorld(o => o with { TimeProvider = time });
        // Each time the cache is made anew, the command is begun again.
        using var begun = new FileSystemWatcher(world.Root, "begun-*");
        begun.Created += (_, _) => time.Advance(world.Options.CommandTimeout);
        begun.EnableRaisingEvents = true;
        var wrapper = world.Script("git-that-hangs", $"""
            case " $* " in *" fast-import "*) : > '{world.Root}/begun-'$$; exec sleep 1000;; esac
            exec git "$@"
            """);
        await using var store = world.Open(world.Options with { GitExecutable = wrapper });
        var outcome = await store.Write([world.Update("a")], CancellationToken.None);

        Assert.Contains("git fast-import failed: it did not end within kratix.git.command-timeout and was killed", outcome.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_that_was_done_but_not_confirmed_is_transient_and_found_done_when_written_again()
    {
        await using var world = new GitWorld();
        await world.Write("a");
        var wrapper = world.Script("git-that-loses-the-answer", $"""
            case " $* " in *" push "*)
              if [ ! -e '{world.Root}/lost' ]; then touch '{world.Root}/lost'; git "$@" > /dev/null 2>&1; echo 'fatal: the remote end hung up unexpectedly' >&2; exit 128; fi;;
            esac
            exec git "$@"
            """);
        await using var store = world.Open(world.Options with { GitExecutable = wrapper });
        Assert.IsType<Outcome<BatchResult>.Transient>(await store.Write([world.Update("b")], CancellationToken.None));
        var again = Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("b")], CancellationToken.None)).Value;

        Assert.Equal(new IntentResult.Written(world.Head(), false), again.Results["b"]);
        Assert.Equal(2, await world.Commits());
    }

    [Fact]
    public async Task Git_that_is_not_installed_is_transient_and_named()
    {
        await using var world = new GitWorld(o => o with { GitExecutable = "git-that-is-not-installed" });
        var outcome = await world.Write("a");
        Assert.Null(outcome.Code);
        Assert.Contains("git-that-is-not-installed", outcome.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cache_folder_that_cannot_be_made_is_transient_and_named()
    {
        await using var world = new GitWorld(o => o with { CacheFolder = "/proc/kratix" });
        var outcome = await world.Write("a");
        Assert.Null(outcome.Code);
        Assert.Contains("/proc/kratix", outcome.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cache_is_packed_and_forgets_history_as_often_as_told()
    {
        await using var world = new GitWorld(o => o with { CommitsBetweenRepacks = 3 });
        await using var store = world.Open();
        for (var i = 0; i < 7; i++)
            Assert.IsType<Outcome<BatchResult>.Done>(await store.Write([world.Update("a", $"{i}")], CancellationToken.None));

        Assert.Equal(7, await world.Commits());
        // After the sixth: one commit with its trees and file in one pack; after the seventh: one more of each.
        Assert.Equal("2", GitWorld.Git(Cache(world), "rev-list", "--count", "--all").Trim());
        Assert.Equal(2, Directory.EnumerateFiles(Path.Combine(Cache(world), "objects", "pack"), "*.pack").Count());
    }

    [Fact]
    public async Task Two_openings_of_one_branch_take_turns()
    {
        await using var world = new GitWorld();
        var stores = new GitStateStores(world.Options, world.Memory);
        await using var one = Assert.IsType<Outcome<IStateStore>.Done>(stores.Open(world.Address)).Value;
        await using var other = Assert.IsType<Outcome<IStateStore>.Done>(stores.Open(world.Address with { Url = world.Address.Url + "/" })).Value;
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => (i % 2 == 0 ? one : other).Write([world.Update($"p{i}")], CancellationToken.None)));

        Assert.All(outcomes, o => Assert.IsType<Outcome<BatchResult>.Done>(o));
        Assert.Equal(6, await world.Commits());
        Assert.Single(Directory.EnumerateDirectories(world.Options.CacheFolder));
    }

    private static void Shell(string command, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(command, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static string Cache(GitWorld world) => Directory.EnumerateDirectories(world.Options.CacheFolder).Single();

    private static void Hook(GitWorld world, string body)
    {
        var hooks = Directory.CreateDirectory(Path.Combine(world.Repository, "hooks")).FullName;
        File.Copy(world.Script("pre-receive", body), Path.Combine(hooks, "pre-receive"));
    }

    /// <summary>A git in front of which, at each push, somebody else pushes first, so many times.</summary>
    private static string Rival(GitWorld world, int times)
    {
        var stream = "commit refs/heads/main\\ncommitter Rival <> 0 +0000\\ndata 5\\nRival\\nfrom refs/heads/main^0\\nM 100644 inline rival-%s\\ndata 1\\nx\\n";
        return world.Script("git-with-a-rival", $"""
            case " $* " in *" push "*)
              n=$(($(cat '{world.Root}/rivals' 2>/dev/null || echo 0) + 1))
              if [ $n -le {times} ]; then
                echo $n > '{world.Root}/rivals'
                printf '{stream}' $n | env -u GIT_CONFIG_COUNT git --git-dir='{world.Repository}' fast-import --quiet
              fi;;
            esac
            exec git "$@"
            """);
    }
}
