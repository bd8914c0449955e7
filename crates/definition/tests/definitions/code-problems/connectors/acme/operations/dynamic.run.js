exports.run = ({ input }) => require("./" + input.name);
