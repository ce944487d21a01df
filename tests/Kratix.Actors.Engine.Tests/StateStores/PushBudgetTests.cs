using Kratix.Actors.Engine.StateStores;
using Kratix.Actors.Ports.StateStores;
using Kratix.Actors.Testing;

namespace Kratix.Actors.Engine.Tests.StateStores;

public sealed class PushBudgetTests
{
    private readonly ManualTime _time = new();
    private readonly PushBudgets _budgets;

    public PushBudgetTests() => _budgets = new PushBudgets(new InMemoryStateStores(new InMemoryContentStore()), host => host == "git.example.org" ? 2 : null, _time);

    [Fact, Conformance("K25", "The branches of a repository share its budget of pushes.")]
    public void Branches_and_spellings_of_one_repository_have_one_budget_and_other_repositories_their_own()
    {
        var budget = Of("https://git.example.org/p", "main");

        Assert.Same(budget, Of("https://git.example.org/p", "next"));
        Assert.Same(budget, Of("https://git.example.org/p.git/", "main"));
        Assert.NotSame(budget, Of("https://git.example.org/other", "main"));
    }

    [Fact]
    public void Pushes_under_way_count_until_it_is_known_what_became_of_them()
    {
        var budget = Of("https://git.example.org/p", "main");
        Assert.Equal(TimeSpan.Zero, budget.Take());
        Assert.Equal(TimeSpan.Zero, budget.Take());
        Assert.True(budget.Take() > TimeSpan.Zero);

        budget.Spent(0);
        Assert.Equal(TimeSpan.Zero, budget.Take());
        budget.Spent(1);
        _time.Advance(TimeSpan.FromSeconds(20));
        budget.Spent(1);

        Assert.Equal(TimeSpan.FromSeconds(40), budget.Take());
        _time.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(TimeSpan.Zero, budget.Take());
    }

    [Fact]
    public void Host_without_a_budget_and_a_bucket_have_no_limit()
    {
        foreach (var budget in new[] { Of("https://elsewhere.example/p", "main"), _budgets.Of(new BucketAddress("b", "git.example.org", false, false, "accessKey", StoreCredentials.None)) })
            Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(TimeSpan.Zero, budget.Take()));
    }

    private PushBudget Of(string url, string branch) => _budgets.Of(new GitAddress(url, branch, "basicAuth", StoreCredentials.None, "kratix", ""));
}
