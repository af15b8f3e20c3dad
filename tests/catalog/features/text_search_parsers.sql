CREATE TEXT SEARCH PARSER "Parser %:x" (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH PARSER short (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE "Template %:x" (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH TEMPLATE stateless (LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = "Template %:x");
CREATE TEXT SEARCH CONFIGURATION c (PARSER = "Parser %:x");
ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR url WITH d;
COMMENT ON TEXT SEARCH PARSER short IS 'a parser';
COMMENT ON TEXT SEARCH TEMPLATE stateless IS 'a template';
