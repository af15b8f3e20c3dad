CREATE TYPE odd AS ENUM ('', ' ', 'it''s', 'c"d', ':x', '50%', '%s', '::', 'a\b', 'ä', '日本', 'NULL', 'true', '🙂');
CREATE TABLE t (a odd DEFAULT 'it''s', b odd DEFAULT ':x', c odd DEFAULT '50%', d odd DEFAULT 'a\b');
