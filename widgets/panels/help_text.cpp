#include "widgets/panels/help_text.h"

#include <vector>

#include "widgets/panels/help_panel.h"

namespace fm {

QString tourHtml() {
    return QStringLiteral(R"(
<h3>What this window is for</h3>
<p>Your model, the <b>teacher</b>, reads its whole context in every layer. That is <span style="color:@full"><b>full
attention</b></span>, and its cache grows with every token. <span style="color:@linear"><b>Linear attention</b></span>
keeps a small state instead, but forgets. A <b>hybrid</b> keeps full attention in K of the layers. Here you find out
which K, see what the choice costs, repair what it broke, and take the result away.</p>

<h3>Gate</h3>
<p>Beside every full-attention layer stands a trained linear <b>branch</b>, and between the two a <b>gate</b>: 1 is all
full attention, 0 all linear. A gate run moves all gates together, on texts with hidden facts, while a
<b>regulariser</b> (lambda) pulls them towards 0. Layers whose gate stays up are the ones retrieval needs. Watch them in
<a href="dock:gates">Gates</a>; the forces on them are in <a href="dock:objective">Objective</a>.</p>

<h3>Plan and budget</h3>
<p>The <b>budget</b> K says how many layers may keep full attention. The <b>plan</b> is the choice: the K layers with
the highest gates. The <a href="dock:plan">Plan</a> strip shows one cell per layer. Drag the budget and the plan, its
cost and its predicted recall follow. Figures with a dashed outline are <b>predicted</b>; those filled with
<span style="color:@accent">green</span> are <b>measured</b>. <a href="dock:budget">Plan versus budget</a> shows which
layer enters when.</p>

<h3>Pin</h3>
<p>You know something the gates do not? Click a layer to flip it, or <b>pin</b> it (P): a pinned layer keeps its kind
whatever the budget. Everything can be undone (Ctrl+Z); <a href="dock:history">History</a> names each step.</p>

<h3>Probe</h3>
<p>When the budget rests, the engine <b>probes</b> the plan: hidden facts it has never seen, asked for once. The predicted
recall becomes a measured one with its 95 % interval. <b>KL to teacher</b> says how far the hybrid's answers are from
the teacher's, in nat per token. <b>Evaluate</b> asks more: by depth and length in <a href="dock:retrieval">Retrieval</a>,
answer by answer in <a href="dock:samples">Samples</a>.</p>

<h3>Do the layers stand in for each other?</h3>
<p><a href="dock:interdependence">Interdependence</a> shows, for each pair, what linearising both costs beyond the sum of
each alone. Orange: they lean on each other, keep one. Blue: each makes the other's loss smaller.</p>

<h3>Recovery</h3>
<p><b>Distill</b> trains the hybrid to answer like the teacher again; without it even a good plan loses. The recovered
hybrid appears in <a href="dock:compare">Compare</a> beside the teacher and the evenly spaced plans, which stay pinned at
the top because a plan that does not beat them is not worth having.</p>

<h3>Away with it</h3>
<p><b>Export</b> says for each target whether it holds your hybrid exactly, and if not, why. It checks the written folder
with a second, independent loader.</p>

<p style="color:@faint">A job can be paused, stepped, and stopped at any time; what is done is kept. A killed engine loses
at most the last second; Resume goes on from the run file. F1 lists all shortcuts.</p>
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
        {tr("Pair map"), tr("Enter"), tr("Show both layers of the pair")},
        {tr("Job form"), tr("Ctrl+Enter"), tr("Start the job")},
        {tr("Job form"), tr("↑ ↓"), tr("Step a whole number")},
        {tr("Log"), tr("Ctrl+C"), tr("Copy the selected lines")},
    };
    return list;
}

}  // namespace fm
