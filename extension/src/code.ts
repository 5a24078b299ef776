/** The texts of the cells that are inserted for the user. */

const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;

/** Whether a text is a plain Python name, and nothing that could be more than a name. */
export const isName = (text: string): boolean => NAME.test(text);

const MODELS = `def as_it_is(text):
    return text

def in_capitals(text):
    return text.upper()
`;

const DECORATED = `import flexiflow

${MODELS}
@flexiflow.workflow
def my_workflow(text):
    said = (as_it_is | in_capitals)(text)
    assert said.isupper(), "say here what a good output is"
    return said

my_workflow("hello")`;

const LOADED = `%load_ext flexiflow

${MODELS}`.trimEnd();

const MAGIC = `%%flexiflow my_workflow(text)
said = (as_it_is | in_capitals)(text)
assert said.isupper(), "say here what a good output is"
return said`;

/** The cells that define a first workflow: one in plain Python, or two with the magic. */
export const workflowCells = (style: string): string[] =>
  style === 'magic' ? [LOADED, MAGIC] : [DECORATED];

/** The cell that shows the dashboard of a workflow's latest run; null if it has no plain name. */
export const dashboardCell = (variable: string): string | null =>
  isName(variable) ? `${variable}.last_run.show()` : null;

/** The cell that shows the log of a workflow; null if it has no plain name. */
export const logCell = (variable: string): string | null =>
  isName(variable) ? `${variable}.log()` : null;
