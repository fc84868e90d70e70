import ApusCore
import ApusNode
import ApusStore

/// How far replays are.
struct ReplayStream: Sendable {
    let site: Site
    let visit: Visit

    func find(_ news: RunFeed.News) async throws -> LiveStreams.Found {
        var visit = visit
        visit.now = site.now
        let replays = try await site.node.read { reader throws(StoreError) in try reader.replays() }
        // The last word on one that has just ended as well.
        let since = visit.now - .seconds(5)
        return LiveStreams.Found(
            messages: replays.filter { $0.state.isOpen || $0.endedAt ?? .epoch > since }.map {
                let row = ReplaysPage.row($0, visit).with(["base": .text(site.base)])
                return .row("replay-\($0.id)", state: $0.state.name, site.pages.render("replay-row", row))
            })
    }
}
