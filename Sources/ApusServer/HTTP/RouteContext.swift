import Hummingbird

/// What a route knows of its request besides the request itself: the parameters of its path, and where to log.
package struct RouteContext: RequestContext {
    package var coreContext: CoreRequestContextStorage

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }

    /// What a router of another context knows.
    package init(_ context: some RequestContext) {
        coreContext = context.coreContext
    }
}
