//! How people speak to the console: the sayings of each control phrase, as tables to read and
//! to add to. How they are told from phrases about the work is `control`'s.

use std::sync::LazyLock;

use crate::matching::ControlAction::{self, Back, Cancel, Help, List, Pause, Quit, Resume, Skip, Status};

/// Words that may stand anywhere in a question about the console.
pub const ADVERBS: &[&str] = &["actually", "exactly", "really", "basically", "even", "again", "sort", "oops"];

/// Words that change nothing in what is asked.
pub const FILLER: &[&str] = &[
    "oops", "oh", "hm", "um", "right", "alright", "yeah", "yep", "sorry", "thats", "ill", "ive", "a",
    "actually", "and", "another", "can", "could", "do", "for", "hey", "hi", "i", "id", "im", "in", "is",
    "just", "let", "lets", "like", "me", "my", "no", "now", "of", "oh", "ok", "okay", "on", "our", "please",
    "pls", "right", "so", "thank", "thanks", "the", "then", "to", "us", "want", "we", "well", "will", "with",
    "would", "yes", "you",
];

/// Words for the things of the console itself.
pub const THINGS: &[&str] = &[
    "workflow",
    "workflows",
    "run",
    "runs",
    "process",
    "processes",
    "procedure",
    "procedures",
    "metaworkflow",
    "execution",
    "meta",
];

/// Words that point at what is there anyway.
pub const POINTERS: &[&str] =
    &["this", "that", "it", "current", "everything", "all", "one", "ones", "thing", "what", "whole", "here"];

/// What is said for one action.
pub struct Rule {
    pub action: ControlAction,
    /// One of these stands in the phrase, word for word.
    pub says: Vec<&'static str>,
    /// These may stand beside it.
    pub beside: Vec<&'static str>,
    /// It may name a workflow.
    pub names: bool,
}

/// The rules, read once from [`SAYINGS`].
pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let actions = [Cancel, Pause, Resume, Skip, Back, Status, List, Help, Quit];
    let rule = |(action, (says, beside, names)): (ControlAction, &(&'static str, &'static str, bool))| Rule {
        action,
        says: says.split(';').map(str::trim).collect(),
        beside: beside.split_whitespace().collect(),
        names: *names,
    };
    actions.into_iter().zip(SAYINGS).map(rule).collect()
});

/// For each action what is said, parted by semicolons, what may stand beside it, and whether it may name a workflow. In
/// the order of `RULES`' actions.
const SAYINGS: &[(&str, &str, bool); 9] = &[
    // Cancel
    (
        "give up on it; give up on this; drop it; drop this; call the whole thing off; lets not; not this \
         one; leave it; stop it; stop this; abandon it; abandon this; abandon; throw it away; throw this \
         away; i dont want this; not what i wanted; wrong one; wrong workflow; cancel; abort; stop; \
         nevermind; forget it; forget that; forget about it; call it off; do something else; terminate; kill; \
         i changed my mind; changed my mind; scrap it; scrap that; dont do it; dont do this; dont do that",
        "what were we are whatever going after anyway whole please wrong scrap want to go with dont doing \
         something else entirely running active altogether about ive",
        true,
    ),
    // Pause
    (
        "pause here; pause there; hold off for now; give me a minute; give me a moment; be right back; brb; \
         back in a minute; back in a bit; back after lunch; come back to this later; continue later; finish \
         this later; later please; park it; park this; freeze it; freeze this; hold this; hold that; stop \
         here for now; interrupt it; halt for now; one moment; one sec; just a moment; pause; hold on; wait; \
         hold it; suspend; put it on hold; on hold; stop for now; take a break; freeze; hang on; stop for a \
         moment; wait a moment",
        "later lunch after until back tomorrow quick quickly coffee call meeting this here moment minute \
         second sec while bit running put there",
        true,
    ),
    // Resume
    (
        "pick up where i left off; pick up where we stopped; carry on where we were; go on where we were; \
         back again; im back; pick it up; pick this up again; pick this up; take it up again; start again \
         where we stopped; where we stopped; where i stopped; lets go on; lets continue; back to it; back to \
         work; back to the run; restart the paused one; un pause; move on with it; keep on; resume; continue; \
         carry on; go on; keep going; unpause; pick up where we left off; pick it up again; proceed; go ahead",
        "where were stopped was again back now with earlier before yesterday paused left off from",
        true,
    ),
    // Skip
    (
        "skip this; skip it; skip that; skip over; go to the next one; go to the next step; on to the next; \
         next one please; next; leave out this step; leave this step; doesnt apply; does not apply; not \
         applicable; not needed; not necessary here; pass on this one; omit this step; omit it; jump over; \
         jump to the next; we can skip; already did this step; already done this step; skip; skip ahead; next \
         step; move on; leave it out; leave this out; leave this step out",
        "this step out doesnt apply not part already did done it ive applies next one over go ahead",
        false,
    ),
    // Back
    (
        "step backwards; one back; back one step; back a step; go one back; take me back; go to the previous \
         step; to the previous step; previous one; back up a step; the step before; the last step again; \
         return to the previous; return to the last step; undo the last step; undo that step; let me redo; do \
         that step again; repeat the last step; again from the previous step; back to the previous; go back; \
         back; previous step; step back; last step again; redo; undo; one step back; return to the previous \
         step",
        "oops oh wait me wrong answered that to up one step previous last take go return again before move",
        false,
    ),
    // Status
    (
        "where do we stand; where does it stand; how far is it; how far has it got; how far did we get; hows \
         the run doing; how is the run doing; what state is it in; what is the state; status update; show me \
         the status; give me a status; what is active; what are we waiting for; what is it waiting for; whats \
         it waiting for; what is blocking; whats blocking; is it still running; is it done yet; is it \
         finished; are we done yet; which step am i on; what step am i on; which step is it; how many steps \
         are left; how many are left; what is left to do; whats left to do; what is open; what is in \
         progress; whats in progress; show me what is running; any runs waiting; anything waiting for me; \
         does anything need me; status; what is running; whats running; what are you doing; running \
         workflows; running workflow; workflows are running; workflow is running; running runs; active runs; \
         active workflows; current runs; runs are active; workflows are active; where are we; where am i; \
         where were we; what is going on; whats going on; how is it going; hows it going; how far are we; how \
         far along; progress; what is happening; whats happening; what is waiting; whats waiting; what needs \
         me; what step are we; which step are we; current step; is anything running; anything running; what \
         runs; show runs; list runs; my runs; what is left; whats left; what is next; whats next",
        "we is it many left steps on am do stand waiting doing with run yet show give get tell check list \
         display see what whats which are running right there how step at going still any progress state \
         update far currently active report about along",
        true,
    ),
    // List
    (
        "which ones are there; what have you got; what do you have; what do you know; show me everything; \
         show me what there is; show everything; what all can you do; what sort of things can you do; what \
         kind of things can you do; what things can you do; every process; every workflow; all processes; all \
         procedures; all runbooks; everything on offer; whats on offer; what is on offer; what do you offer; \
         the catalogue; the catalog; overview of workflows; list everything; list them all; what is in the \
         bank; whats in the bank; what is in the registry; browse the bank; what can i choose from; what are \
         my options; what options do i have; list; what workflows; which workflows; what processes; which \
         processes; what procedures; which procedures; what runbooks; which runbooks; registry; process bank; \
         workflows; available workflows; all workflows; what can you do; what can i do; what can i run; what \
         can i start; what is available; whats available; what else is there",
        "got sort kind things on in here me them of ones possible could from choose options show give see \
         open display list view print what which are available there have exist know you browse every any \
         bank full catalogue tell about does has defined registered do start offer support look at get",
        false,
    ),
    // Help
    (
        "what can i type here; what can i do here; how do i use this thing; dont know how to use this; i dont \
         know how to use this; i dont know what to do; what do i do now; what do i do here; how do i work \
         this; how does this thing work; how does this console work; show me how; teach me; give me a hand; \
         what are the keys; what are the commands; which commands; manual; usage; guide me; im stuck; i am \
         stuck; help; how does this work; how do i use this; how do i use it; what can i say; what can i \
         type; keyboard shortcuts; shortcuts; key bindings; keys; what keys; commands; i am lost; im lost; \
         how does it work; instructions",
        "thing dont know use how type here now lost stuck me with show give get need some what which are \
         there screen tool console page using open list available",
        false,
    ),
    // Quit
    (
        "close it; close this; close; get out of here; leave; shut down the console; shut it down; end the \
         program; thats it for today; thats all for today; done for today; see you; see you tomorrow; cya; im \
         out; im off; signing off; good night; thats all; exit the console; quit the console; leave this \
         program; quit; exit; bye; goodbye; close the console; leave the console; im done; log out; get me \
         out; close mwtui; leave mwtui; q",
        "bye all thats it done im tomorrow now close thanks screen window terminal console mwtui program app \
         here out from for today",
        false,
    ),
];

/// Commands that are about a run wherever a workflow is named behind them, though they say neither "run" nor "workflow".
pub const NAMING: &[(&str, &str, ControlAction)] = &[
    ("abort", "", Cancel),
    ("pause", "", Pause),
    ("suspend", "", Pause),
    ("put on hold", "", Pause),
    ("put", "on hold", Pause),
    ("resume", "", Resume),
    ("unpause", "", Resume),
    ("continue with", "", Resume),
    ("continue", "we paused", Resume),
    ("carry on with", "", Resume),
    ("go on with", "", Resume),
    ("keep going with", "", Resume),
    ("pick up", "again", Resume),
    ("pick", "up again", Resume),
    ("how far are we with", "", Status),
    ("where do we stand with", "", Status),
    ("where are we with", "", Status),
];

/// How people ask for what a workflow does: the phrase begins and ends so, and names it between.
pub const EXPLAIN: &[(&str, &str, bool)] = &[
    ("what does", "do", false),
    ("what do", "do", false),
    ("what would", "do", false),
    ("what will", "do", false),
    ("how does", "work", false),
    ("how do", "work", false),
    ("how is", "done", true),
    ("what is", "for", false),
    ("whats", "for", false),
    ("what is", "about", false),
    ("what happens in", "", false),
    ("what goes on in", "", false),
    ("tell me what happens in", "", false),
    ("tell me what happens when i run", "", false),
    ("what happens when i run", "", false),
    ("what happens if i start", "", false),
    ("what will happen in", "", false),
    ("how does", "go", false),
    ("tell me how", "goes", false),
    ("what steps are in", "", false),
    ("what are the steps", "", true),
    ("which steps does", "have", false),
    ("what is", "supposed to do", false),
    ("give me an overview of", "", true),
    ("what do i need for", "", true),
    ("what does", "mean", true),
    ("what does", "cover", false),
    ("what does", "involve", false),
    ("whats", "good for", false),
    ("what is", "good for", false),
    ("whats", "about", false),
    ("explain to me", "", false),
    ("explain", "", false),
    ("describe", "", false),
    ("tell me about", "", false),
    ("tell me more about", "", false),
    ("tell me what", "does", false),
    ("tell me what", "is", false),
    ("tell me what", "is for", false),
    ("tell me how", "works", false),
    ("can you explain", "", false),
    ("what exactly does", "do", false),
    ("what are the steps of", "", false),
    ("what are the steps in", "", false),
    ("what are the steps for", "", false),
    ("what steps does", "have", false),
    ("show me the steps of", "", false),
    ("show the steps of", "", false),
    ("what happens in", "", false),
    ("what happens during", "", false),
    ("what is involved in", "", true),
    ("details of", "", false),
    ("details on", "", false),
    ("details for", "", false),
    ("details about", "", false),
    ("show details of", "", false),
    ("show me details of", "", false),
    ("show me the details of", "", false),
    ("give me details on", "", false),
    ("info on", "", false),
    ("info about", "", false),
    ("information on", "", false),
    ("information about", "", false),
    ("more about", "", false),
    ("when should i use", "", false),
    ("when do i use", "", false),
    ("why would i use", "", false),
    ("walk me through", "", true),
    ("show me", "", true),
    ("show", "", true),
    ("what is", "", true),
    ("whats", "", true),
];

/// Ways to begin that say nothing.
pub const BEGINNINGS: &[&str] = &[
    "please",
    "can you",
    "could you",
    "would you",
    "will you",
    "hey",
    "hi",
    "hello",
    "ok",
    "okay",
    "so",
    "and",
    "but",
    "i want to know",
    "id like to know",
    "i would like to know",
    "do you know",
    "just",
    "can i",
    "could i",
    "i want you to",
    "let me",
    "lets",
    "remind me",
];
