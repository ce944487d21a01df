namespace Kratix.Actors.Host.Configuration;

/// <summary>Finds what somebody probably meant.</summary>
internal static class NearestKey
{
    internal static string Among(IEnumerable<string> known, string written) =>
        known.OrderBy(key => Distance(key, written)).ThenBy(key => key, StringComparer.Ordinal).First();

    /// <summary>How many single characters must be inserted, removed or replaced.</summary>
    internal static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
