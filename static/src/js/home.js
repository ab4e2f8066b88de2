// The home page asks for its moving part again while something runs; the markup says when (templates/jobs/_home_body.html).
import "htmx.org";
