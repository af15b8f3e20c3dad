CREATE TABLE members (user_name name, team int);
CREATE FUNCTION is_member(team int) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
BEGIN ATOMIC SELECT EXISTS (SELECT FROM members AS m WHERE m.team = is_member.team); END;
CREATE TABLE docs (id int, team int);
ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON docs USING (is_member(team) OR EXISTS (SELECT FROM members WHERE members.team = docs.team));
