using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kratix.Actors.Standalone.Api;

/// <summary>
/// Takes requests of this process to the API server without a socket: what a client in this process would pay for TLS and for reading its own bytes back
/// from the kernel is saved, and nothing else. Authentication, admission, validation and answers are the endpoint's, as for everybody.
/// </summary>
internal sealed class InProcessHandler(RequestDelegate endpoint) : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var exchange = new Exchange(await Context(request, cancellation));
        // Off the caller's turn, as the bytes on a socket would be.
        _ = Task.Run(() => exchange.Serve(endpoint), CancellationToken.None);
        await using (cancellation.UnsafeRegister(static e => ((Exchange)e!).Abort(), exchange))
            return await exchange.Answer.WaitAsync(cancellation);
    }

    private static async Task<DefaultHttpContext> Context(HttpRequestMessage message, CancellationToken cancellation)
    {
        var http = new DefaultHttpContext();
        var request = http.Request;
        var uri = message.RequestUri!;
        request.Method = message.Method.Method;
        request.Protocol = "HTTP/1.1";
        request.Scheme = uri.Scheme;
        request.Host = HostString.FromUriComponent(uri);
        request.Path = PathString.FromUriComponent(uri);
        request.QueryString = QueryString.FromUriComponent(uri);
        foreach (var (name, values) in message.Headers.NonValidated)
            request.Headers[name] = values.ToString();
        if (message.Content is { } content)
        {
            foreach (var (name, values) in content.Headers.NonValidated)
                request.Headers[name] = values.ToString();
            request.Body = await content.ReadAsStreamAsync(cancellation);
        }

        return http;
    }

    /// <summary>One request and its answer, which may go on for as long as a watch does.</summary>
    private sealed class Exchange : IHttpRequestLifetimeFeature, IHttpResponseBodyFeature
    {
        private readonly DefaultHttpContext _http;
        private readonly ResponseFeature _response = new();
        private readonly Pipe _body = new();
        private readonly CancellationTokenSource _aborted = new();
        private readonly TaskCompletionSource<HttpResponseMessage> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Exchange(DefaultHttpContext http)
        {
            _http = http;
            RequestAborted = _aborted.Token;
            Writer = new StartingWriter(_body.Writer, Start);
            Stream = Writer.AsStream(leaveOpen: true);
            http.Features.Set<IHttpResponseFeature>(_response);
            http.Features.Set<IHttpResponseBodyFeature>(this);
            http.Features.Set<IHttpRequestLifetimeFeature>(this);
        }

        internal Task<HttpResponseMessage> Answer => _answer.Task;

        public CancellationToken RequestAborted { get; set; }

        public Stream Stream { get; }

        public PipeWriter Writer { get; }

        internal async Task Serve(RequestDelegate endpoint)
        {
            try
            {
                await endpoint(_http);
                Start();
                // Half an answer must not look like a whole one.
                await _body.Writer.CompleteAsync(_aborted.IsCancellationRequested ? new IOException("the answer was broken off") : null);
            }
            catch (Exception cause)
            {
                // The caller sees a connection that broke, with the reason.
                var broken = new HttpRequestException($"the API server of this process failed: {cause.Message}", cause);
                await _body.Writer.CompleteAsync(broken);
                _answer.TrySetException(broken);
            }
        }

        public void Abort()
        {
            _aborted.Cancel();
            _body.Writer.CancelPendingFlush();
        }

        public void DisableBuffering()
        {
        }

        public Task StartAsync(CancellationToken cancellationToken = default)
        {
            Start();
            return Task.CompletedTask;
        }

        public Task CompleteAsync() => _body.Writer.CompleteAsync().AsTask();

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
            SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

        private void Start()
        {
            if (_response.HasStarted)
                return;
            _response.MarkStarted();
            var message = new HttpResponseMessage((HttpStatusCode)_response.StatusCode) { Content = new AnswerContent(_body.Reader, this) };
            foreach (var (name, values) in _response.Headers)
            {
                if (!message.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                    message.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }

            _answer.TrySetResult(message);
        }
    }

    private sealed class ResponseFeature : HttpResponseFeature
    {
        private bool _started;

        public override bool HasStarted => _started;

        internal void MarkStarted() => _started = true;
    }

    /// <summary>The first byte that is sent starts the answer; status and headers are settled by then.</summary>
    private sealed class StartingWriter(PipeWriter inner, Action start) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => true;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            start();
            return inner.FlushAsync(cancellationToken);
        }
    }

    /// <summary>Whoever puts the answer away before its end has left, as far as the server is concerned.</summary>
    private sealed class AnswerContent(PipeReader body, Exchange exchange) : StreamContent(body.AsStream())
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing)
                exchange.Abort();
            base.Dispose(disposing);
        }
    }
}
