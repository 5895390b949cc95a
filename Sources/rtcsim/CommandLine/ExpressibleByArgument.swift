import RTCPrimitives
import SimSessions

/// A value that can be written as one word of the command line.
protocol ExpressibleByArgument {
  init?(argument: String)
  /// What may be written, for messages: `a whole number`.
  static var allowed: String { get }
  /// Every word that may be written, if they can be counted.
  static var allValueStrings: [String] { get }
  /// What would be written for this value.
  var defaultValueDescription: String { get }
}

extension ExpressibleByArgument {
  static var allValueStrings: [String] { [] }
  var defaultValueDescription: String { "\(self)" }
}

extension ExpressibleByArgument where Self: CaseIterable & RawRepresentable, RawValue == String {
  init?(argument: String) { self.init(rawValue: argument) }
  static var allowed: String { allValueStrings.joined(separator: ", ") }
  static var allValueStrings: [String] { allCases.map(\.rawValue) }
  var defaultValueDescription: String { rawValue }
}

extension String: ExpressibleByArgument {
  init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    self = argument
  }
  static var allowed: String { "a text that is not empty" }
}

extension Int: ExpressibleByArgument {
  init?(argument: String) { self.init(argument) }
  static var allowed: String { "a whole number" }
}

extension UInt64: ExpressibleByArgument {
  init?(argument: String) { self.init(argument) }
  static var allowed: String { "a whole number from 0 to \(UInt64.max)" }
}

extension Double: ExpressibleByArgument {
  init?(argument: String) {
    guard let value = Double(argument), value.isFinite else { return nil }
    self = value
  }
  static var allowed: String { "a number" }
}

extension Duration: ExpressibleByArgument {
  init?(argument: String) {
    do throws(QuantityError) { self = try Duration(quantity: argument) } catch { return nil }
  }
  static var allowed: String { allowedQuantity }
  var defaultValueDescription: String { quantity }
}

extension DataRate: ExpressibleByArgument {
  init?(argument: String) {
    do throws(QuantityError) { self = try DataRate(quantity: argument) } catch { return nil }
  }
  static var allowed: String { allowedQuantity }
  var defaultValueDescription: String { quantity }
}

extension LinkRate: ExpressibleByArgument {
  init?(argument: String) {
    guard argument != "unlimited" else {
      self.init(nil)
      return
    }
    guard let rate = DataRate(argument: argument) else { return nil }
    self.init(rate)
  }
  static var allowed: String { "\(DataRate.allowed), or unlimited" }
  var defaultValueDescription: String { rate?.quantity ?? "unlimited" }
}

extension Endpoint: ExpressibleByArgument {
  init?(argument: String) { self.init(argument) }
  static var allowed: String { "an IP address and a port, such as 127.0.0.1:3478 or [::1]:3478" }
}

extension IPAddress: ExpressibleByArgument {
  init?(argument: String) { self.init(argument) }
  static var allowed: String { "an IP address" }
}

/// A UDP or TCP port.
struct PortNumber: ExpressibleByArgument {
  let number: UInt16

  init(_ number: UInt16) { self.number = number }

  init?(argument: String) {
    guard let number = UInt16(argument), number > 0 else { return nil }
    self.number = number
  }

  static var allowed: String { "a port from 1 to 65535" }
  var defaultValueDescription: String { "\(number)" }
}

/// Values with commas between them: `2,3,5`.
struct CommaSeparated<Element: ExpressibleByArgument>: ExpressibleByArgument {
  var elements: [Element]

  init(_ elements: [Element]) { self.elements = elements }

  init?(argument: String) {
    elements = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard !part.isEmpty, let element = Element(argument: String(part)) else { return nil }
      elements.append(element)
    }
  }

  static var allowed: String {
    Element.allValueStrings.isEmpty
      ? "\(Element.allowed), or several with commas between" : "a list of \(Element.allowed)"
  }

  var defaultValueDescription: String { elements.map(\.defaultValueDescription).joined(separator: ",") }
}

extension CommaSeparated: Equatable where Element: Equatable {}
