CREATE TYPE c AS ENUM ('r', 'g');
CREATE TABLE t (
    a int[], b int[][] DEFAULT '{{1,2},{3,4}}', c c[] NOT NULL DEFAULT ARRAY['r'::c], d text[] DEFAULT '{}',
    e varchar(5)[], f numeric(5,2)[], g timestamptz(3)[], h text[] DEFAULT ARRAY['%', ':x', 'it''s']
);
