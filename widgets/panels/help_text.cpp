#include "widgets/panels/help_text.h"

#include <vector>

#include "widgets/panels/help_panel.h"

namespace fm {

QString tourHtml() {
    return QStringLiteral(R"(
<h3>What this window is for</h3>
<p>In your model, the <b>teacher</b>, every layer looks back at all earlier tokens. That is
<span style="color:@full"><b>full attention</b></span>; what it must remember, the KV cache, grows with every token.
<span style="color:@linear"><b>Linear attention</b></span> remembers a small state of fixed size instead, but forgets
details. A <b>hybrid</b> keeps full attention in some layers and makes the others linear. Here you find out which layers
to keep, see what the choice costs, repair what it broke, and take the result away.</p>

<h3>Try it now</h3>
<p><b>1.</b> Press <b>Run it live</b> at the top right and watch the bars in <a href="dock:plan">Plan</a>: amber layers
keep full attention, blue ones become linear.<br>
<b>2.</b> Drag <b>Budget</b>: fewer amber layers cost less memory and lose more answers.<br>
<b>3.</b> Click a bar to overrule the choice; Ctrl+Z takes it back.</p>

<h3>Gate</h3>
<p>Beside every full-attention layer stands a linear <b>branch</b> that was trained to stand in for it, and between the
two a <b>gate</b> (alpha): 1 is all full attention, 0 all linear. A gate run moves all gates together. It asks for facts
hidden in long texts and wants the teacher's answers, while the <b>regulariser</b>, of strength lambda, pulls every gate
towards 0. Gates that stay up belong to layers that the answers need. Watch them in <a href="dock:gates">Gates</a>; the
forces on them are in <a href="dock:objective">Objective</a>, the formulas in the
<a href="handbook:method.md#mixed-stream">handbook</a>.</p>

<h3>Plan and budget</h3>
<p>The <b>budget</b> K is how many layers may keep full attention. The <b>plan</b> is the choice: the K layers with the
highest gates. Drag the budget, and the plan, its cost and its predicted <b>recall</b> follow: the share of hidden facts
that the hybrid answers exactly. Figures with a dashed outline are <b>predicted</b>; those filled with
<span style="color:@accent">green</span> are <b>measured</b>. <a href="dock:budget">Plan versus budget</a> shows which
layer enters at which K.</p>

<h3>Pin</h3>
<p>You know something that the gates do not? Click a layer to flip it, or <b>pin</b> it (P): a pinned layer stays as it
is whatever the budget. Everything can be undone (Ctrl+Z); <a href="dock:history">History</a> names each step.</p>

<h3>Probe</h3>
<p>When the budget rests, the engine <b>probes</b> the plan: it asks for facts in texts that no training has seen. The
predicted recall becomes a measured one, with its 95 % interval. <b>KL to teacher</b> says how far the hybrid's answers
are from the teacher's: 0 is no difference (Kullback-Leibler divergence, in nat per token). <b>Evaluate</b> asks more:
by length of the text and depth of the fact in it in <a href="dock:retrieval">Retrieval</a>, answer by answer in
<a href="dock:samples">Samples</a>.</p>

<h3>Do the layers stand in for each other?</h3>
<p><a href="dock:interdependence">Interdependence</a> compares, for each pair of layers, what making both linear costs
with the sum of what each costs alone. Orange: more than the sum; the two make up for each other, so keep at least one.
Blue: less than the sum; they work together, and once one is linear the other is worth less.</p>

<h3>Recovery</h3>
<p><b>Distill</b> trains the hybrid to answer like the teacher again; without it even a good plan loses something. The
recovered hybrid appears in <a href="dock:compare">Compare</a> beside the teacher and plans that keep evenly spaced
layers (uniform-a, uniform-b). Those stay at the top, because a plan that does not beat them is not worth having.</p>

<h3>Away with it</h3>
<p><b>Export</b> says for each program that can load hybrids whether it holds yours exactly, and if not, why. It checks
the written folder with a second, independent loader.</p>

<p style="color:@faint">A job can be paused, stepped, and stopped at any time; what is done is kept. A killed engine loses
at most the last second; Resume goes on from the run file. F1 lists all shortcuts. How the method works and what was
measured is in the <a href="handbook:README.md">handbook</a>.</p>
)");
}

const std::vector<Shortcut>& HelpPanel::panelShortcuts() {
    static const std::vector<Shortcut> list = {
        {tr("Plan"), tr("← → ↑ ↓"), tr("Move from layer to layer; with Shift: select")},
        {tr("Plan"), tr("F, L"), tr("Full or linear attention for the selected layers")},
        {tr("Plan"), tr("P"), tr("Pin or unpin the selected layers")},
        {tr("Plan"), tr("Space"), tr("Flip the current layer")},
        {tr("Plan"), tr("Ctrl+A, Esc"), tr("Select all layers, none")},
        {tr("Budget"), tr("← →"), tr("One layer less or more")},
        {tr("Budget"), tr("Page Up, Page Down"), tr("To the next budget that was probed")},
        {tr("Budget"), tr("Home, End"), tr("Smallest and largest budget")},
        {tr("Runs"), tr("/"), tr("Filter; Esc clears, ↓ goes back to the table")},
        {tr("Runs"), tr("Enter"), tr("Show the run in all views")},
        {tr("Runs"), tr("Shift or Ctrl + ↑ ↓"), tr("Select several runs: Difference and Compare follow")},
        {tr("Runs"), tr("F2, T, N"), tr("Edit name, tags, notes")},
        {tr("Runs"), tr("A"), tr("Archive or unarchive")},
        {tr("Any plot"), tr("← → ↑ ↓"), tr("Pan; with Shift: move the read-out, Enter clicks there")},
        {tr("Any plot"), tr("+, −, Home"), tr("Zoom in, zoom out, show all")},
        {tr("Any plot"), tr("L"), tr("Logarithmic axis")},
        {tr("Any plot"), tr("Ctrl+C"), tr("Copy as picture; the Menu key opens saving as PNG, SVG, PDF and CSV")},
        {tr("Pair map"), tr("O"), tr("Similar layers side by side, or in order")},
        {tr("Pair map"), tr("L"), tr("Colours by powers of ten, or in proportion")},
        {tr("Pair map"), tr("Enter"), tr("Show both layers of the pair")},
        {tr("Job form"), tr("Ctrl+Enter"), tr("Start the job")},
        {tr("Job form"), tr("↑ ↓"), tr("Step a whole number")},
        {tr("Log"), tr("Ctrl+C"), tr("Copy the selected lines")},
        {tr("Handbook"), tr("Tab, Enter"), tr("Go to the next link, follow it")},
        {tr("Handbook"), tr("Backspace"), tr("Back to the page before")},
    };
    return list;
}

}  // namespace fm
