import ApusCore
import Foundation
import Testing

@testable import ApusDashboard

@Suite("Rendering")
struct RenderingTests {
    private static let special: Set<Unicode.Scalar> = ["<", ">", "\"", "'", "&", "{"]

    @Test("no markup from data gets into a page", arguments: Fixtures.names)
    func inert(_ name: String) throws {
        let pages = try Pages()
        let fixture = try Fixtures.load(name).view
        let template = Fixtures.template(of: name)
        let page = pages.render(template, Fixtures.part(fixture))
        let harmless = pages.render(
            template,
            Fixtures.part(fixture) { text in
                String(String.UnicodeScalarView(text.unicodeScalars.map { Self.special.contains($0) ? "x" : $0 }))
            })
        #expect(page.count > 200)
        #expect(Self.skeleton(page) == Self.skeleton(harmless))
        // What is left of a template would be seen here; the data has braces of its own.
        #expect(!harmless.contains("{{"))
    }

    /// What a browser takes for markup, without the text in between.
    private static func skeleton(_ page: String) -> String {
        String(String.UnicodeScalarView(page.unicodeScalars.filter { ["<", ">", "\"", "'"].contains($0) }))
    }

    @Test("a quote stays escaped when a combining mark follows it")
    func combiningMark() {
        #expect(ScalarEscaping().escapeText("a\"\u{301} b") == "a&quot;\u{301} b")
        #expect(ScalarEscaping().escapeText("<\u{338}script>") == "&lt;\u{338}script&gt;")
    }

    @Test("partials escape in the same way as pages")
    func partials() throws {
        let row = Fixtures.part(try Fixtures.load("run-row").view)
        let page = try Pages().render("run-row", row.with(["functionName": "\"\u{301} onload=x"]))
        #expect(page.contains("&quot;\u{301} onload=x"))
    }

    @Test("the embedded files are those of the folders")
    func embedded() throws {
        for (folder, files) in [("Templates", EmbeddedTemplates.files), ("Assets", EmbeddedAssets.files)] {
            let path = Fixtures.sources.appending(path: folder)
            let names = try FileManager.default.contentsOfDirectory(atPath: path.path).filter { $0 != "README.md" }
            #expect(Set(names) == Set(files.keys), "run Scripts/embed-dashboard.py")
            for (name, text) in files {
                let file = try String(contentsOf: path.appending(path: name), encoding: .utf8)
                #expect(file == text, "\(name): run Scripts/embed-dashboard.py")
            }
        }
    }

    @Test("control characters and overrides of direction are made visible or left out")
    func visible() {
        #expect("a\u{0}b\nc".visible() == "a\u{2400}b\u{240A}c")
        #expect("a\nb".visible(keepsLines: true) == "a\nb")
        #expect("\u{202E}exe.txt".visible() == "exe.txt")
    }
}

@Suite("Texts of the dashboard")
struct TextTests {
    @Test(
        "durations",
        arguments: [
            (0, "0 ms"), (182, "182 ms"), (1_240, "1.24 s"), (59_999, "59.99 s"), (61_000, "1 min 1 s"),
            (3_960_000, "1 h 6 min"), (273_600_000, "3 d 4 h"),
        ])
    func durations(_ milliseconds: Int, _ text: String) {
        #expect(TimeText.duration(.milliseconds(milliseconds)) == text)
    }

    @Test(
        "relative times",
        arguments: [(0, "now"), (-3_000, "3 s ago"), (7_200_000, "in 2 h"), (-300_000_000, "3 d ago")])
    func relative(_ distance: Int64, _ text: String) {
        let now = Timestamp(milliseconds: 1_795_000_000_000)
        #expect(TimeText(now: now).relative(Timestamp(milliseconds: now.milliseconds + distance)) == text)
    }

    @Test(
        "numbers", arguments: [(0, "0"), (999, "999"), (1_204, "1,204"), (1_234_567, "1,234,567"), (-1_000, "-1,000")])
    func numbers(_ number: Int, _ text: String) {
        #expect(NumberText.grouped(number) == text)
    }

    @Test("links encode whatever is in a name")
    func links() {
        #expect(Link("functions", "a/b ?#\"").text == "/functions/a%2Fb%20%3F%23%22")
        #expect(Link("runs").with("query", "a > \"b\"&c").text == "/runs?query=a%20%3E%20%22b%22%26c")
    }

    @Test("forms")
    func forms() {
        let form = Form(Array("a=1+2&b=%3Cx%3E%0D%0Ay&c&a=3&d=100%".utf8))
        #expect(form["a"] == "1 2")
        #expect(form.values("a") == ["1 2", "3"])
        #expect(form["b"] == "<x>\ny")
        #expect(form["d"] == "100%")
    }
}
