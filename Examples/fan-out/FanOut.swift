import Apus

struct CatalogueChanged: Event {
    static let name = "catalogue/changed"
    var revision: String
    var items: Int
}

struct ItemChanged: Event {
    static let name = "catalogue/item-changed"
    var revision: String
    var item: Int
}

/// Where items are found.
protocol Index: Sendable {
    func add(_ item: Int) async throws
}

struct FanOut: Sendable {
    let apus: Client
    let index: any Index

    /// An event for each item, sent in as few requests as the server's limits allow.
    var spread: Function<CatalogueChanged, Int> {
        apus.function("spread-catalogue", on: CatalogueChanged.self) { event, step in
            let items = try await step.run("list-items") { Array(0..<event.items) }
            try await step.send(
                "spread",
                items.map { item in
                    // The id makes sending it twice start one run.
                    OutgoingEvent(
                        ItemChanged(revision: event.revision, item: item), id: "\(event.revision)-\(item)")
                })
            return items.count
        }
    }

    /// A run for each item, fifty calls at a time, each with retries of its own.
    var item: Function<ItemChanged, Void> {
        apus.function("index-item", on: ItemChanged.self, .concurrency(50), .retries(5)) { [index] event, step in
            try await step.run("index") { try await index.add(event.item) }
        }
    }
}
