// Pages can be read without any of this; each module makes one thing quicker.
import "./time.js"
import "./live.js"
import "./panel.js"
import "./keys.js"
import "./command.js"
import "./json.js"
import "./waterfall.js"
import "./histogram.js"
import "./forms.js"
import { added } from "./page.js"

added(document)
